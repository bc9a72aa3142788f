"""Why a command cannot change a job: in a sentence for each state, with what to do instead. Pure."""

from __future__ import annotations

from dropdub.store.states import REQUESTS, JobState
from dropdub.store.tables import Job

_ENDED = {
    JobState.SUCCEEDED: "it has already succeeded",
    JobState.FAILED: "it has already failed",
    JobState.CANCELLED: "it was cancelled",
}
_WANTED = {
    "disk": "free disk space",
    "memory": "free memory",
    "outbox": "its outbox",
    "folder": "a missing folder",
}
_RETRY = "To try it again: `dropdub retry JOB`"
_RESUME = "To continue it: `dropdub resume JOB`"
_AGAIN = "To process its file again, drop it with the option `duplicates: again` in its .job.yaml file."
_SEND_AGAIN = "Send the request again."
_SOON = "It is only a moment: try again."


def why_not(job: Job, verb: str) -> tuple[str, str]:
    """Return why a job cannot be `verb` (a past participle), as a sentence, and what to do instead, perhaps empty."""
    if verb == "cancelled" and job.state == JobState.CANCELLED:
        return f"{_named(job)} is cancelled already.", _RETRY
    if verb == "paused" and _is_paused(job):
        return f"{_named(job)} is paused already.", _RESUME
    if verb == "retried" and job.origin in REQUESTS and job.state in (JobState.FAILED, JobState.CANCELLED):
        return f"{_named(job)} cannot be retried: it was a request, and its sender has got the answer.", _SEND_AGAIN
    reason = _reason(job, verb)
    return f"{_named(job)} cannot be {verb}: {reason}.", _instead(job, verb)


def _named(job: Job) -> str:
    return f"Job {job.id} ({job.name})"


def _is_paused(job: Job) -> bool:
    return job.state == JobState.WAITING and job.waiting_for == "paused" and job.verdict is None


def _reason(job: Job, verb: str) -> str:
    state = JobState(job.state)
    if state in _ENDED:
        return _ENDED[state]
    if job.verdict is not None:
        return "its end has begun" if job.verdict == JobState.SUCCEEDED else f"it is about to be {job.verdict}"
    if job.cancel_requested:
        return "it is being cancelled"
    return f"it is not paused, but {_doing(job)}" if verb == "resumed" else f"it {_is_doing(job)}"


def _doing(job: Job) -> str:
    return {
        JobState.CLAIMING: "its file is still being picked up",
        JobState.QUEUED: "waits for its turn",
        JobState.WAITING: f"waits for {_wanted(job)}, and resumes automatically",
    }.get(JobState(job.state), "is not finished yet")


def _is_doing(job: Job) -> str:
    if _is_paused(job):
        return "is paused, not ended"
    return {
        JobState.CLAIMING: "has only just been picked up",
        JobState.QUEUED: "has not begun yet",
    }.get(JobState(job.state), "has not ended yet")


def _wanted(job: Job) -> str:
    return _WANTED.get(str(job.waiting_for), f"its {job.waiting_for}")


def _instead(job: Job, verb: str) -> str:
    if verb == "retried":
        return {JobState.SUCCEEDED: _AGAIN}.get(JobState(job.state), _RESUME if _is_paused(job) else "")
    if verb in ("paused", "resumed") and job.state in (JobState.FAILED, JobState.CANCELLED):
        return _RETRY
    return _SOON if verb == "paused" and job.state == JobState.CLAIMING and not job.cancel_requested else ""
