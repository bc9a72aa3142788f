"""The states of jobs and steps. `docs/states.md` has the diagrams; only `transitions` changes states."""

from __future__ import annotations

from enum import StrEnum


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
