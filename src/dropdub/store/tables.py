"""The tables. Times are seconds since the epoch (UTC); paths are absolute, stored as text.

Columns are grouped by who sets them. `docs/states.md` lists which transition writes which.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dropdub.store.states import LISTED, JobState, LineState, NoticeState, Origin, Priority, StepState


def _json(default: type) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def _partial(name: str, *columns: str, where: str) -> Index:
    """Return an index of the rows that meet a condition; queries have to repeat the condition word by word."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Job(SQLModel, table=True):
    """A dropped file and everything made from it."""

    __table_args__ = (
        Index("ix_job_state", "state", "id"),
        Index("ix_job_finished", "state", "finished_at"),
        Index("ix_job_name", "name"),
        Index("ix_job_inode", "inode", "state"),
        Index("ix_job_content_hash", "content_hash"),
        Index("ix_job_published", "published"),
        Index("ix_job_batch", "batch"),
        Index("ix_job_request_key", "request_key"),
        _partial("ix_job_listed", "state", "id", "name", "origin", where=LISTED),
        _partial("ix_job_listed_finished", "state", "finished_at", where=LISTED),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    """The dropped file's name, with suffix."""
    origin: str = Origin.DROPPED
    source: str
    """Where the original is now; while `claiming`, where it will be taken from."""
    sidecar: str | None = None
    """Where its `NAME.job.yaml` is now."""
    companion: str | None = None
    """Where the subtitle of the same name that came with it is now."""
    revision: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """For a subtitle of an earlier job's recording: that `job`, its `name`, the paths of `film` and `transcript`.

    `speakers`: their new names, by the old ones. `asked`: a request named the job, and the intake looks up the rest.
    """
    given_path: str | None = None
    """For `given` jobs: the path that was named."""
    device: int | None = Field(default=None, sa_type=BigInteger)
    inode: str | None = None
    """Decimal text, because Windows file ids exceed 63 bits."""
    size: int | None = Field(default=None, sa_type=BigInteger)
    mtime_ns: int | None = Field(default=None, sa_type=BigInteger)
    sidecar_seen: list[Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """The sidecar's identity when it was recorded: device, inode, size, mtime_ns. No other file is taken instead."""
    companion_seen: list[Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    owner: str | None = None
    """The owner of the dropped file: a user id, or on Windows a SID. Owners take turns, and folders within an owner."""
    folder: str | None = None
    """The folder in the inbox that it came from, `S1/day 2`; None for the inbox itself.

    Earlier versions recorded only the folder directly in the inbox.
    """

    request: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """What a request asks for, such as `{"what": "say"}`; None for a job that makes everything that its options say."""
    request_key: str | None = None
    """Equal for a request and its repetitions, which are answered by one job."""
    batch: str | None = None
    """The id of the batch that it was recorded with."""
    priority: int = Priority.NORMAL

    profile: str | None = None
    overrides: dict[str, Any] = _json(dict)
    """Options set by the sidecar or the command line."""
    options: dict[str, Any] = _json(dict)
    """`JobOptions` as resolved at intake; fixed for the round."""

    state: str = JobState.CLAIMING
    round: int = 1
    """Incremented by each retry; only the steps of this round count."""
    reason: str | None = None
    remedy: str | None = None
    waiting_for: str | None = None
    """While `waiting`: disk, memory, outbox, paused."""
    cancel_requested: bool = False
    verdict: str | None = None
    """The final state, decided on while the files are still being moved."""
    destination: str | None = None
    """Where the original is moved at the end."""

    kind: str | None = None
    content_hash: str | None = None
    dup_of: int | None = None
    duration_s: float | None = None
    language: str | None = None
    published: str | None = None
    """This job's folder in the outbox."""
    staging: str | None = None
    """The folder in the outbox where its deliverables are assembled; its name is unpredictable."""
    outputs: list[str] = _json(list)
    """Paths of its files in the outbox, in the order they were published."""
    warnings: list[str] = _json(list)
    interruptions: int = 0

    created_at: float
    started_at: float | None = None
    finished_at: float | None = None


class Step(SQLModel, table=True):
    """One stage of one job, for one chunk or one target language."""

    __table_args__ = (
        UniqueConstraint("job_id", "round", "key"),
        Index("ix_step_state_pool", "state", "pool", "priority", "job_id", "phase", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(sa_column=Column(Integer, ForeignKey("job.id", ondelete="CASCADE"), nullable=False))
    round: int = 1
    key: str
    """Its name within the round: `probe`, `transcribe/0003`, `synthesize/pt`, `publish/manifest`."""
    stage: str
    phase: int
    """Order within the job: see `pipeline.plan`."""
    target: str | None = None
    """The target language of its branch; None for the trunk."""
    pool: str
    params: dict[str, Any] = _json(dict)
    priority: int = Priority.NORMAL
    """That of its job."""

    state: str = StepState.QUEUED
    token: int = 0
    """A fencing token: incremented by each claim; an outcome with an older token is refused."""
    owner: str | None = None
    """The daemon run that holds it."""
    attempts: int = 0
    """Attempts that ended in an error."""
    scheduled_at: float = 0.0
    progress: float = 0.0
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class Attempt(SQLModel, table=True):
    """One run of a step. Earlier versions recorded the worker's process; the log has it now."""

    __table_args__ = (_partial("ix_attempt_failure", "error_class", "step_id", where="outcome = 'failed'"),)

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
    """An entry in a job's history."""

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
    """Where `pid` is valid: see `alive.place_of_processes`."""
    started_at: float
    heartbeat_at: float
    stopped_at: float | None = None
    notes: list[str] = _json(list)
    """What an administrator should know now: files that cannot be taken, why the inbox is polled."""


class Notice(SQLModel, table=True):
    """A notification about an ended job for one channel. Recorded with the job's end and kept until it is delivered."""

    __table_args__ = (Index("ix_notice_state", "state", "channel", "scheduled_at"),)

    id: str = Field(primary_key=True)
    """Sent to the receiver, which may get the notification twice and recognizes it by this id."""
    job_id: int
    """The job may have been pruned since."""
    channel: str
    """`webhook` or `command`."""
    payload: dict[str, Any] = _json(dict)
    state: str = NoticeState.QUEUED
    attempts: int = 0
    scheduled_at: float = 0.0
    error: str | None = None
    created_at: float
    ended_at: float | None = None


class Monitor(SQLModel, table=True):
    """How far a text file whose new lines are spoken has been read. Kept if it is no longer in the settings."""

    name: str = Field(primary_key=True)
    """Its name in the settings."""
    path: str
    """The file that was read. If the settings name another one, that is a new file."""
    identity: str = ""
    """The device and inode of the file that was read, `7:1234`; empty if there was no file yet."""
    offset: int = Field(default=0, sa_type=BigInteger)
    """Bytes up to the end of the last line that was recorded."""
    mark: str = ""
    """The SHA-256 of the last bytes before `offset`, which show whether the file still is what was read."""
    encoding: str = ""
    """Empty while everything has been ASCII."""
    lines: int = 0
    """The number of the last line that was recorded."""


class Line(SQLModel, table=True):
    """A line of a monitored file, which a job speaks."""

    __table_args__ = (UniqueConstraint("monitor", "number"), Index("ix_line_state", "state", "monitor", "number"))

    job_id: int = Field(
        sa_column=Column(Integer, ForeignKey("job.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    monitor: str
    number: int
    """Counted from 1 for each monitor, over all its files."""
    state: str = LineState.WAITING


class Owner(SQLModel, table=True):
    """The root that this database belongs to: one row, written at each start of its daemon."""

    id: str = Field(primary_key=True)
    """The root's id, which is also in the root's record."""
    path: str
    """Where the root was at its last start: the paths in other columns date from then."""
    places: dict[str, str] = _json(dict)
    """The path of each of its folders, by name."""
    starts: int = 0
    """Incremented by each start: a database with fewer starts than the root's record is an older copy."""


class Control(SQLModel, table=True):
    """Requests of commands to the daemon: `paused`, `stop`."""

    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))


JOB, STEP, ATTEMPT, EVENT, NOTICE, OWNER, CONTROL, DAEMON, MONITOR, LINE = (
    SQLModel.metadata.tables[name]
    for name in ("job", "step", "attempt", "event", "notice", "owner", "control", "daemon", "monitor", "line")
)
"""The tables of the classes above. Every condition and update names its columns by these: `JOB.c.state`."""
