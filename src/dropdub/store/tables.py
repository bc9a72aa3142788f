"""The tables. Times are seconds since the epoch (UTC); paths are text, absolute.

Columns are grouped by who sets them. `docs/states.md` says which transition writes what.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from dropdub.store.states import JobState, NoticeState, StepState


def _json(default: type) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


class Job(SQLModel, table=True):
    """One dropped file and all that is made from it."""

    __table_args__ = (
        Index("ix_job_state", "state", "id"),
        Index("ix_job_finished", "state", "finished_at"),
        Index("ix_job_name", "name"),
        Index("ix_job_inode", "inode", "state"),
        Index("ix_job_content_hash", "content_hash"),
        Index("ix_job_published", "published"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    """The dropped file's name, with suffix."""
    origin: str = "dropped"
    """`dropped`: the file itself was moved in; `given`: a copy was taken of a file named to `dropdub run`."""
    source: str
    """Where the original is now (while `claiming`: where it is to be taken from)."""
    sidecar: str | None = None
    """Where its `NAME.job.yaml` is now."""
    companion: str | None = None
    """Where the subtitle is now that came with it, under its name."""
    revision: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Of a subtitle for a film that was done before: that `job`, its `name`, where its `film` and `transcript` are."""
    given_path: str | None = None
    """For `given` jobs: the path that was named."""
    device: int | None = Field(default=None, sa_type=BigInteger)
    inode: str | None = None
    """Decimal text: Windows file ids exceed 63 bits."""
    size: int | None = Field(default=None, sa_type=BigInteger)
    mtime_ns: int | None = Field(default=None, sa_type=BigInteger)
    sidecar_seen: list[Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """How the sidecar looked when it was recorded: device, inode, size, mtime_ns; no other file is taken for it."""
    companion_seen: list[Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    owner: str | None = None
    """Who owns the dropped file: a user id, or on Windows a SID. Owners take turns, and folders within an owner."""
    folder: str | None = None
    """The folder directly in the inbox that it came from; None for the inbox itself."""

    profile: str | None = None
    overrides: dict[str, Any] = _json(dict)
    """What sidecar or command line set."""
    options: dict[str, Any] = _json(dict)
    """`JobOptions` as resolved at intake; fixed for the round."""

    state: str = JobState.CLAIMING
    round: int = 1
    """Raised by each retry; only the steps of this round count."""
    reason: str | None = None
    remedy: str | None = None
    waiting_for: str | None = None
    """While `waiting`: disk, memory, outbox, paused."""
    cancel_requested: bool = False
    verdict: str | None = None
    """The end state decided on, while the files are still being moved."""
    destination: str | None = None
    """Where the original goes at the end."""

    kind: str | None = None
    content_hash: str | None = None
    dup_of: int | None = None
    duration_s: float | None = None
    language: str | None = None
    published: str | None = None
    """The folder in the outbox that is this job's."""
    staging: str | None = None
    """The folder in the outbox where its deliverables are put together; nobody can predict its name."""
    outputs: list[str] = _json(list)
    """Paths of what stands in the outbox, in the order it appeared."""
    warnings: list[str] = _json(list)
    interruptions: int = 0

    created_at: float
    started_at: float | None = None
    finished_at: float | None = None


class Step(SQLModel, table=True):
    """One stage of one job, for one chunk or one target language."""

    __table_args__ = (
        UniqueConstraint("job_id", "round", "key"),
        Index("ix_step_state_pool", "state", "pool", "job_id", "phase", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(sa_column=Column(Integer, ForeignKey("job.id", ondelete="CASCADE"), nullable=False))
    round: int = 1
    key: str
    """Names it within the round: `probe`, `transcribe/0003`, `synthesize/pt`, `publish/manifest`."""
    stage: str
    phase: int
    """Order within the job: see `pipeline.plan`."""
    target: str | None = None
    """The target language of its branch; None for the trunk."""
    pool: str
    params: dict[str, Any] = _json(dict)

    state: str = StepState.QUEUED
    token: int = 0
    """The fence: +1 at each claim; an outcome that carries an older one is refused."""
    owner: str | None = None
    """The run that holds it."""
    attempts: int = 0
    """Attempts that ended in an error."""
    scheduled_at: float = 0.0
    progress: float = 0.0
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class Attempt(SQLModel, table=True):
    """One run of a step."""

    id: int | None = Field(default=None, primary_key=True)
    step_id: int = Field(
        sa_column=Column(Integer, ForeignKey("step.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    token: int
    run_id: str
    worker_pid: int | None = None
    worker_started: float | None = None
    started_at: float
    ended_at: float | None = None
    outcome: str | None = None
    exit_code: int | None = Field(default=None, sa_type=BigInteger)
    error_class: str | None = None
    error_text: str | None = None
    peak_memory: int | None = Field(default=None, sa_type=BigInteger)
    seconds: float | None = None


class Event(SQLModel, table=True):
    """One line of a job's story."""

    __table_args__ = (Index("ix_event_job", "job_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(sa_column=Column(Integer, ForeignKey("job.id", ondelete="CASCADE"), nullable=False))
    at: float
    level: str = "info"
    text: str


class Daemon(SQLModel, table=True):
    """One run of the daemon."""

    run_id: str = Field(primary_key=True)
    pid: int
    pid_started: float
    host: str
    boot_id: str
    started_at: float
    heartbeat_at: float
    stopped_at: float | None = None
    notes: list[str] = _json(list)
    """What an administrator should know now: files that cannot be taken, watching by polling and why."""


class Notice(SQLModel, table=True):
    """One message about an ended job to one channel. Recorded with the job's end, and kept until it is delivered."""

    __table_args__ = (Index("ix_notice_state", "state", "channel", "scheduled_at"),)

    id: str = Field(primary_key=True)
    """Told to the receiver, who may get it twice and knows it by this."""
    job_id: int
    """Of a job that may have been forgotten since."""
    channel: str
    """`webhook` or `command`."""
    payload: dict[str, Any] = _json(dict)
    state: str = NoticeState.QUEUED
    attempts: int = 0
    scheduled_at: float = 0.0
    error: str | None = None
    created_at: float
    ended_at: float | None = None


class Owner(SQLModel, table=True):
    """The root whose database this is: one row, written at each start of its daemon."""

    id: str = Field(primary_key=True)
    """The root's id, which stands in its record, too."""
    path: str
    """Where the root lay at its last start: what other columns say of paths is meant from there."""
    places: dict[str, str] = _json(dict)
    """Where each of its folders was, by name."""
    starts: int = 0
    """Raised by each start: a database that knows of fewer starts than the root is an older copy."""


class Control(SQLModel, table=True):
    """What commands ask of the daemon: `paused`, `stop`."""

    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))
