"""The page of all jobs: what runs, what waits, what has ended, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from dropdub.store import transitions
from dropdub.store.states import JobState
from dropdub.store.views.listing import Chosen
from dropdub.translations import mark as _
from dropdub.web.bodies import read_fields, read_form
from dropdub.web.jobs.acting import ActionResult, act_on_many
from dropdub.web.jobs.bodies import LARGEST_NUMBER, ActionRequest
from dropdub.web.jobs.shapes import shown_job
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.wording import SIGNS, STATES, possible_actions
from dropdub.web.site import Site

JOBS_ON_A_PAGE = 100
State = Annotated[JobState | None, Query()]
Text = Annotated[str, Query(max_length=200)]
After = Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)]


@dataclass(frozen=True)
class Wanted:
    """What the page is to show: the jobs in a state (None: in any), with a text in their names, that failed so."""

    state: JobState | None = None
    text: str = ""
    error: str = ""

    def chosen(self) -> Chosen:
        states = (self.state,) if self.state else ()
        return Chosen(states, self.text.replace("\0", ""), self.error.replace("\0", ""))

    def address(self, **more: Any) -> str:
        """Return the path of the page with these values, and others instead of them."""
        values = {"state": self.state, "q": self.text, "error": self.error} | more
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/?{query}" if query else "/"


def queue_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the routes of the page to a router."""

    @router.api_route("/", methods=["GET", "HEAD"])
    async def queue(
        request: Request, state: State = None, q: Text = "", error: Text = "", after: After = None, changed: Text = ""
    ) -> Response:
        wanted = Wanted(state, q, error)
        shown = await _shown(site, wanted, after)
        status = await site.run(site.reader.status, now=time.time(), limit=0)
        errors = await site.run(site.reader.error_classes) if shown["counts"][JobState.FAILED] else []
        return pages.page(request, "queue.html.j2", root=status, errors=errors, message=changed, done="", **shown)

    @router.get("/jobs/daemon")
    async def daemon(request: Request) -> Response:
        """Return only what is said of the daemon."""
        status = await site.run(site.reader.status, now=time.time(), limit=0)
        return pages.page(request, "parts/daemon.html.j2", root=status)

    @router.get("/jobs/list")
    async def listed(
        request: Request, state: State = None, q: Text = "", error: Text = "", after: After = None
    ) -> Response:
        """Return only the list, for a page that is shown already."""
        return await _list(request, Wanted(state, q, error), after)

    async def _list(request: Request, wanted: Wanted, after: int | None = None, done: str = "") -> Response:
        shown = await _shown(site, wanted, after)
        return pages.page(request, "parts/jobs.html.j2", done=done, **shown)

    @router.post("/do/jobs")
    async def act(request: Request) -> Response:
        form = read_form(await request.body())
        asked = _asked(form)
        result = await site.run(act_on_many, site, asked) if asked else None
        site.nudge()
        message = pages.said(request, *_outcome(result))
        wanted = _wanted(form)
        if "hx-request" in request.headers:
            return await _list(request, wanted, done=message)
        return RedirectResponse(wanted.address(changed=message), 303)

    @router.post("/do/pause")
    async def pause() -> Response:
        await site.run(transitions.pause_all, site.store)
        return RedirectResponse("/", 303)

    @router.post("/do/resume")
    async def resume() -> Response:
        await site.run(transitions.resume_all, site.store)
        site.nudge()
        return RedirectResponse("/", 303)


def _outcome(result: ActionResult | None) -> tuple[str, dict[str, int]]:
    """Return what has been done, as a message of the catalogues with its values."""
    if result is None:
        return _("Choose jobs first."), {}
    values = {"changed": result.changed, "refused": result.refused}
    if result.refused:
        return _("%(changed)s changed. The states of %(refused)s others do not allow it."), values
    return _("%(changed)s changed."), values


async def _shown(site: Site, wanted: Wanted, after: int | None) -> dict[str, Any]:
    page = await site.run(site.reader.page, wanted.chosen(), now=time.time(), after=after, limit=JOBS_ON_A_PAGE)
    jobs = [shown_job(job, site.place.root) for job in page.jobs]
    return {
        "jobs": [(job, possible_actions(job)) for job in jobs],
        "counts": page.counts,
        "total": sum(page.counts.values()),
        "matching": page.counts[wanted.state] if wanted.state and not wanted.text and not wanted.error else None,
        "wanted": wanted,
        "after": after,
        "older": wanted.address(after=jobs[-1].id) if page.has_more and jobs else None,
        "states": STATES,
        "signs": SIGNS,
    }


def _wanted(form: Mapping[str, list[str]]) -> Wanted:
    state, text, error = (form.get(name, [""])[0] for name in ("state", "q", "error"))
    return Wanted(JobState(state) if state in tuple(JobState) else None, text, error)


def _asked(form: Mapping[str, list[str]]) -> ActionRequest | None:
    """Return what is to be done with which jobs; None if none are chosen. Raises ApiError (400)."""
    if one := form.get("one"):
        action, _, number = one[0].partition(" ")
        return read_fields({"action": action, "ids": [number]}, ActionRequest)
    values: dict[str, Any] = {"action": form.get("action", [""])[0]}
    if form.get("all"):
        chosen = {name: form[name][0] for name in ("state", "q", "error") if form.get(name)}
        return read_fields({**values, "filter": chosen}, ActionRequest)
    return read_fields({**values, "ids": form["id"]}, ActionRequest) if form.get("id") else None
