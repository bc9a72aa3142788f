"""The routes that change jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dropdub.store import transitions
from dropdub.store.transitions import Action
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.jobs.bodies import ActionRequest, JobFilter
from dropdub.web.jobs.forgetting import forget
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.jobs.shapes import Job, shown_job
from dropdub.web.site import Site

AT_ONCE = 500
"""Jobs that are changed in one transaction."""
_TRANSITIONS: dict[Action, tuple[Callable[..., Any], str]] = {
    Action.CANCEL: (transitions.request_cancel, "Cancel a job"),
    Action.RETRY: (transitions.retry_job, "Retry a failed or cancelled job"),
    Action.PAUSE: (transitions.pause_job, "Pause a job: it starts no further step"),
    Action.RESUME: (transitions.resume_job, "Resume a paused job"),
}
WithOutputs = Annotated[bool, Query(description="Also delete the files that the job has published")]


@dataclass(frozen=True)
class ActionResult:
    """How many jobs were meant, and how many of them were changed. The states of the others do not allow it."""

    action: Action
    matched: int
    changed: int
    refused: int


def acting_routes(router: APIRouter, site: Site) -> None:
    """Add the routes to a router."""

    @router.post(
        "/v1/jobs/actions",
        summary="Do the same with many jobs",
        openapi_extra=body_of(ActionRequest),
        responses=errors(415),
    )
    async def many(request: Request) -> ActionResult:
        asked = read_body(await request.body(), ActionRequest)
        result = await site.run(act_on_many, site, asked)
        site.nudge()
        return result

    for action in Action:
        _add(router, site, action)

    @router.delete(
        "/v1/jobs/{id}",
        status_code=204,
        summary="Forget an ended job; its original stays in archive/ or failed/",
        responses=errors(404, 409),
    )
    async def forgotten(number: JobNumber, *, outputs: WithOutputs = False) -> Response:
        await site.run(forget, site, await job_of(site, number), with_outputs=outputs)
        return Response(status_code=204)


def _add(router: APIRouter, site: Site, action: Action) -> None:
    _, summary = _TRANSITIONS[action]

    async def act(number: JobNumber) -> Job:
        await job_of(site, number)
        await site.run(act_on_one, site, action, number)
        site.nudge()
        return shown_job(await job_of(site, number), site.place.root)

    path = f"/v1/jobs/{{id}}/{action}"
    router.add_api_route(path, act, methods=["POST"], name=f"{action}_job", summary=summary, responses=errors(404, 409))


def act_on_one(site: Site, action: Action, number: int) -> None:
    """Change a job. Raises TransitionRefused if its state does not allow it."""
    transition, _ = _TRANSITIONS[action]
    transition(site.store, number, now=time.time())


def act_on_many(site: Site, asked: ActionRequest) -> ActionResult:
    """Do the same with many jobs, as many at a time as one transaction changes."""
    matched = changed = 0
    for numbers in _numbers(site, asked):
        matched += len(numbers)
        changed += len(transitions.change_jobs(site.store, asked.action, numbers, now=time.time()))
    return ActionResult(asked.action, matched, changed, matched - changed)


def _numbers(site: Site, asked: ActionRequest) -> Iterator[list[int]]:
    """Yield the ids of the jobs that are meant, each once, as many at a time as one transaction changes."""
    if asked.ids is not None:
        numbers = list(dict.fromkeys(asked.ids))
        yield from (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))
        return
    chosen, before = (asked.filter or JobFilter()).chosen(), None
    while found := site.reader.numbers(chosen, now=time.time(), before=before, most=AT_ONCE):
        yield found
        before = found[-1]
