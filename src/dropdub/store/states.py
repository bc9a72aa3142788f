"""The states of jobs and steps. `docs/states.md` draws them; `transitions.py` alone changes them."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    CLAIMING = "claiming"
    """The intent to take the file is recorded; the file is not moved yet."""
    QUEUED = "queued"
    """The file is in work/; no step has run yet."""
    RUNNING = "running"
    """A step has run, or runs."""
    WAITING = "waiting"
    """Cannot go on for a reason (`waiting_for`), and goes on by itself once that is gone."""
    SUCCEEDED = "succeeded"
    """All that was asked for is in the outbox (perhaps with warnings)."""
    FAILED = "failed"
    """Not all could be made; the original is in failed/ with the reason."""
    CANCELLED = "cancelled"
    """A person ended it, or the file vanished before it was taken."""


UNFINISHED = (JobState.CLAIMING, JobState.QUEUED, JobState.RUNNING, JobState.WAITING)
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class StepState(StrEnum):
    QUEUED = "queued"
    """To be run, not before `scheduled_at`."""
    RUNNING = "running"
    """A worker has it, under the token of the claim."""
    SUCCEEDED = "succeeded"
    """Its artefacts and its result stand."""
    FAILED = "failed"
    """Its last attempt ended in an error that is not tried again."""
    CANCELLED = "cancelled"
    """Not run, because its job ended or an earlier step of its branch failed."""


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    RETRIED = "retried"
    """In an error, and its step was queued again."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    RELEASED = "released"
    """Stopped cleanly by the daemon's shutdown; costs the step nothing."""
    INTERRUPTED = "interrupted"
    """Its daemon died; found by the next start."""


class NoticeState(StrEnum):
    QUEUED = "queued"
    """To be delivered, not before `scheduled_at`."""
    SENT = "sent"
    """The receiver has it."""
    DROPPED = "dropped"
    """Given up: refused for good, or tried for too long."""
