"""Retry, cancel, pause and resume jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dropdub.errors import TransitionRefused
from dropdub.operations.find import jobs_to_cancel, named_jobs
from dropdub.operations.look import daemon_runs
from dropdub.operations.place import Place
from dropdub.store import transitions
from dropdub.store.states import JobState

if TYPE_CHECKING:
    from dropdub.store.views import JobView


@dataclass(frozen=True)
class JobChange:
    """A job as it was before the change. `refusal` says why it was not changed; None if it was."""

    job: JobView
    refusal: TransitionRefused | None = None


@dataclass(frozen=True)
class Changes:
    """The result for each job, in the order in which the jobs were named.

    `daemon_runs`: a daemon acts on the changes now; otherwise the next one will.
    """

    jobs: tuple[JobChange, ...]
    daemon_runs: bool

    @property
    def refused(self) -> tuple[JobChange, ...]:
        return tuple(change for change in self.jobs if change.refusal is not None)


def retry(place: Place, refs: Sequence[str]) -> Changes:
    """Retry failed or cancelled jobs. Raises UsageError, with no job changed, for the first name that has no job."""
    return _change(place, named_jobs(place, refs), transitions.retry_job)


def retry_failed(place: Place) -> Changes:
    """Retry all failed jobs."""
    failed = place.reader().status(now=time.time(), states=[JobState.FAILED], limit=None).jobs
    return _change(place, failed, transitions.retry_job)


def cancel(place: Place, refs: Sequence[str]) -> Changes:
    """Cancel jobs, including those of files that still wait in the inbox. The daemon moves their files to `failed/`.

    Raises UsageError, with nothing changed, for the first name that is neither a job nor a waiting file.
    """
    return _change(place, jobs_to_cancel(place, refs), transitions.request_cancel)


def pause(place: Place, refs: Sequence[str]) -> Changes:
    """Pause jobs: they start no further step. Raises UsageError as `retry` does."""
    return _change(place, named_jobs(place, refs), transitions.pause_job)


def pause_all(place: Place) -> None:
    """Pause all jobs: the daemon starts no further step. Running steps finish."""
    with closing(place.store()) as store:
        transitions.pause_all(store)


def resume(place: Place, refs: Sequence[str]) -> Changes:
    """Resume paused jobs. Raises UsageError as `retry` does."""
    return _change(place, named_jobs(place, refs), transitions.resume_job)


def resume_all(place: Place) -> Changes:
    """Undo `pause_all`. Jobs that were paused individually stay paused, so the result contains no job."""
    with closing(place.store()) as store:
        transitions.resume_all(store)
    return Changes((), daemon_runs(place))


def _change(place: Place, jobs: Sequence[JobView], action: Callable[..., Any]) -> Changes:
    """Apply `action` to each job, even if it is refused for another."""
    with closing(place.store()) as store:
        changes = tuple(_change_one(action, store, job) for job in jobs)
    return Changes(changes, daemon_runs(place))


def _change_one(action: Callable[..., Any], store: Any, job: JobView) -> JobChange:
    try:
        action(store, job.id, now=time.time())
    except TransitionRefused as refusal:
        return JobChange(job, refusal)
    return JobChange(job)
