"""What `dropdub status` and `dropdub show` print: plain values with stable names, which `--json` gives to scripts."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class JobView:
    """A job as scripts see it. Times are ISO 8601 in UTC with `Z`; `progress` is 0 to 1."""

    id: int
    name: str
    kind: str | None
    state: str
    reason: str | None
    remedy: str | None
    progress: float
    stage: str | None
    """The stage that is running, or the next one."""
    attempts: int
    """The most attempts that any of its steps has used."""
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration_s: float | None
    language: str | None
    targets: list[str]
    outputs: list[str]
    error: str | None
    warnings: list[str]
    profile: str | None
    source: str
    published: str | None
    dup_of: int | None
    retry_at: str | None
    """When the next attempt of a failed step is due: in the future; None if no daemon runs that could make it."""
    remaining_s: float | None
    """Estimated time left while it is running; None if there is no estimate yet."""
    retry_is_due: bool = False
    """Whether a failed step is tried again as soon as a worker is free."""
    folder: str | None = None
    """The folder in the inbox that it came from; None for the inbox itself."""

    @property
    def path(self) -> str:
        """Return its name with its folder, which distinguishes files of one name."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True)
class DaemonView:
    """The daemon's last run. `state`: running, stopped, gone (it died), or silent (it has not reported for a while, and
    its process cannot be looked at, since it is on another machine or in another container).
    """

    state: str
    pid: int
    host: str
    started_at: str
    heartbeat_at: str
    paused: bool
    notes: list[str]


@dataclass(frozen=True)
class StatusView:
    """Everything `dropdub status` shows. `daemon` is None if none ever ran."""

    daemon: DaemonView | None
    paused: bool
    counts: dict[str, int]
    """Jobs per state; every state is a key."""
    jobs: list[JobView]
    """Running jobs first, then waiting, claiming, queued, then ended ones, newest first; at most `limit`."""
    notes: list[str] = field(default_factory=list)
    """What is wrong with the root itself: a missing or full disk, another root's database, unknown originals."""


@dataclass(frozen=True)
class PageView:
    """A page of a list of jobs, newest first. `last_event`: the id of the newest event when it was read."""

    jobs: list[JobView]
    counts: dict[str, int]
    """Jobs per state in the whole list, whatever the page was restricted to."""
    has_more: bool
    last_event: int


@dataclass(frozen=True)
class AttemptView:
    started_at: str
    ended_at: str | None
    outcome: str | None
    seconds: float | None
    exit_code: int | None
    peak_memory: int | None
    error: str | None


@dataclass(frozen=True)
class StepView:
    key: str
    stage: str
    target: str | None
    round: int
    state: str
    progress: float
    retry_at: str | None
    error: str | None
    attempts: list[AttemptView]
    retry_is_due: bool = False


@dataclass(frozen=True)
class EventView:
    at: str
    level: str
    text: str
    id: int = 0
    """Increases with time; `Reader.events` takes the last one seen."""


@dataclass(frozen=True)
class PrunedJob:
    """A job that ended long ago and was, or would be, deleted from the database. Its outputs stay."""

    id: int
    name: str
    state: str
    finished_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class JobRecord:
    """Everything `dropdub show` shows."""

    job: JobView
    steps: list[StepView]
    events: list[EventView]
