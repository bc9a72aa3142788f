"""Wait for the job of a request to succeed; what becomes of the request if it does not."""

from __future__ import annotations

import wave
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dropdub.errors import DropdubError
from dropdub.store.forgetting import forget_jobs
from dropdub.store.states import JobState
from dropdub.store.views.answers import AnswerView
from dropdub.web.answering.errors import ApiError
from dropdub.web.site import Site

P = ParamSpec("P")
T = TypeVar("T")
_RETRY_AFTER_S = 60
_STATUSES = {"disk": 507}
"""The status for what a job waits for; for anything else, such as a model, it is 503."""


async def ended(site: Site, job_id: int) -> AnswerView:
    """Return a job once it has succeeded. Raises ApiError if it fails, is cancelled, has to wait, or is gone."""
    async for view in site.watch.views(job_id):
        refuse_stuck(view)
        if view.has_succeeded:
            return view
    raise gone(job_id)


async def read_answer(site: Site, view: AnswerView, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read, in a thread, a file in which a job has answered.

    If it is not there any more, or broken, because somebody or a failing disk removed it, a job that has succeeded is
    forgotten: each repetition of the request would join it and fail. One that has not makes the file again, for example
    after a new start of the daemon, which removes what is unfinished. Raises ApiError 503.
    """
    try:
        return await site.run(read, *args, **kwargs)
    except (FileNotFoundError, EOFError, wave.Error):
        if view.has_succeeded:
            await site.run(forget_jobs, site.store, site.place.root, [view.id])
        raise _lost(view.id) from None


def gone(job_id: int) -> ApiError:
    """Return the error for a job that does not exist any more."""
    return ApiError(404, f"There is no job {job_id}.", "NoJob")


def refuse_stuck(view: AnswerView) -> None:
    """Raise ApiError if a job failed, was cancelled, or waits for something that a person has to bring."""
    if view.state == JobState.FAILED:
        raise _failed(view)
    if view.state == JobState.CANCELLED:
        raise ApiError(409, f"Job {view.id} was cancelled.", "Cancelled", headers={"x-should-retry": "false"})
    if view.state == JobState.WAITING:
        status = _STATUSES.get(view.waiting_for or "", 503)
        message = view.reason or "The job has to wait."
        headers = {"retry-after": str(_RETRY_AFTER_S)}
        raise ApiError(status, message, view.waiting_for, remedy=view.remedy or "", headers=headers)


def _lost(job_id: int) -> ApiError:
    return ApiError(
        503, f"The answer of job {job_id} is not there any more.", "AnswerLost",
        remedy="Send the request again. It is done from the beginning.",
        headers={"retry-after": "1"},
    )  # fmt: skip


def _failed(view: AnswerView) -> ApiError:
    if view.error:
        return ApiError.of(DropdubError.from_dict(dict(view.error)))
    return ApiError(500, view.reason or f"Job {view.id} failed.", "Failed", remedy=view.remedy or "")
