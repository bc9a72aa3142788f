"""The states of jobs and steps. `docs/states.md` has the diagrams; only `transitions` changes states."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Origin(StrEnum):
    """Where a job comes from, which decides what becomes of its file."""

    DROPPED = "dropped"
    """A file of the inbox: it was moved in, and goes to archive/ or failed/."""
    GIVEN = "given"
    """A copy of a file that was named to `dropdub run`."""
    UPLOADED = "uploaded"
    """A file that was uploaded to be processed: from there on, like a dropped one."""
    SENT = "sent"
    """A file that came with a request. It belongs to its sender, who gets the answer, and is removed later."""
    ASKED = "asked"
    """A request without a file, such as a text to speak."""


HAVE_ORIGINAL = (Origin.DROPPED, Origin.UPLOADED)
"""The origins whose file may be the only copy of an original."""
REQUESTS = (Origin.SENT, Origin.ASKED)
"""The origins of jobs that a request made: they have an answer instead of a place in the outbox."""


LISTED = "origin <> 'asked'"
"""The condition, as SQL, for the jobs that lists show: what only answers a client is gone after a day."""


class Priority(IntEnum):
    """Which steps are claimed first. Each level has its turn at last: see `daemon.steps.levels`."""

    INTERACTIVE = 0
    """Somebody waits for the answer."""
    SOON = 1
    """Nobody waits, but it loses its use with time: a line of a monitored file."""
    NORMAL = 2
    LOW = 3


class JobState(StrEnum):
    CLAIMING = "claiming"
    """The intent to take the file is recorded; the file has not been moved yet."""
    QUEUED = "queued"
    """The file is in work/; no step has run yet."""
    RUNNING = "running"
    """A step has run or is running."""
    WAITING = "waiting"
    """Blocked for a reason (`waiting_for`); resumes automatically once that is gone."""
    SUCCEEDED = "succeeded"
    """Everything requested is in the outbox (perhaps with warnings)."""
    FAILED = "failed"
    """Not everything could be made; the original is in failed/ with the reason."""
    CANCELLED = "cancelled"
    """A person cancelled it, or the file disappeared before it was taken."""


UNFINISHED = (JobState.CLAIMING, JobState.QUEUED, JobState.RUNNING, JobState.WAITING)
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class StepState(StrEnum):
    QUEUED = "queued"
    """Ready to run, but not before `scheduled_at`."""
    RUNNING = "running"
    """Held by a worker, under the token of the claim."""
    SUCCEEDED = "succeeded"
    """Its artifacts and its result are stored."""
    FAILED = "failed"
    """Its last attempt ended in an error that is not retried."""
    CANCELLED = "cancelled"
    """Never run, because its job ended or an earlier step of its branch failed."""


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    RETRIED = "retried"
    """Ended in an error; the step was requeued."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    RELEASED = "released"
    """Stopped cleanly by the daemon's shutdown; does not count as an attempt."""
    INTERRUPTED = "interrupted"
    """Its daemon died; recorded by the next start."""


class NoticeState(StrEnum):
    QUEUED = "queued"
    """To be delivered, not before `scheduled_at`."""
    SENT = "sent"
    """The receiver has accepted it."""
    DROPPED = "dropped"
    """Given up: refused permanently, or retried for too long."""


class LineState(StrEnum):
    """What has become of a line of a monitored file."""

    WAITING = "waiting"
    """To be spoken, or played and saved, after those before it."""
    DELIVERED = "delivered"
    """Played and saved, as its settings say."""
    SKIPPED = "skipped"
    """Its job did not succeed: there is nothing to play."""
