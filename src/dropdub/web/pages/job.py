"""The page of one job: play it, read along, see what was done, and do something about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from dropdub.dubbing.not_measured import not_measured
from dropdub.errors import DropdubError
from dropdub.report.figures import Figure, figures_of
from dropdub.store.states import ENDED
from dropdub.store.transitions import Action
from dropdub.store.views import JobRecord, JobView
from dropdub.store.views.films import FilmView
from dropdub.translations.words import Words
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import read_form
from dropdub.web.jobs.acting import act_on_one
from dropdub.web.jobs.forgetting import forget
from dropdub.web.jobs.lookup import film_of, job_of, named_after, record_of
from dropdub.web.jobs.outputs import media_type, outputs_of
from dropdub.web.jobs.parameters import JobNumber, Target
from dropdub.web.jobs.reading import log_of
from dropdub.web.jobs.recording import has_recording
from dropdub.web.jobs.shapes import shown_record
from dropdub.web.lines.dub_results import DubResults, dub_results
from dropdub.web.lines.transcripts import JobTranscript, transcript_of
from dropdub.web.pages.lines import shown_lines
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.tracks import Published, Track, Written, tracks_of, written_in
from dropdub.web.pages.wording import DONE_TO_LINES, SIGNS, STATES, possible_actions
from dropdub.web.site import Site

LOG_LINES = 500
_FORGET = "forget"
Given = Annotated[str, Query(max_length=500)]


@dataclass(frozen=True)
class ShownDub:
    """The figures of a dub. `not_measured`: a sentence for each that is missing."""

    language: str
    name: str
    figures: tuple[Figure, ...]
    not_measured: tuple[str, ...]


def job_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the routes of the page to a router."""

    async def page(
        request: Request, number: int, target: str | None, *, problem: str = "", status: int = 200
    ) -> Response:
        try:
            record, film = await record_of(site, number), await film_of(site, number)
        except ApiError:
            return pages.page(request, "no_job.html.j2", status=404, number=number)
        # Thousands of lines take a while to write: in a thread, so that nobody else waits for them.
        return await site.run(_page, request, pages, site, record, film, target, problem, status)

    @router.api_route("/jobs/{id}", methods=["GET", "HEAD"])
    async def job(request: Request, number: JobNumber, target: Target = None, problem: Given = "") -> Response:
        return await page(request, number, target, problem=problem)

    @router.get("/jobs/{id}/now")
    async def now(request: Request, number: JobNumber) -> Response:
        """Return only what changes while a job runs, for a page that is shown already."""
        record, film = await record_of(site, number), await film_of(site, number)
        return await site.run(_now, request, pages, site, record, film)

    @router.get("/jobs/{id}/log")
    async def log(number: JobNumber) -> Response:
        lines = await site.run(log_of, await job_of(site, number), site.place.root, LOG_LINES)
        return PlainTextResponse("\n".join(lines) or "–")

    @router.post("/do/job")
    async def act(request: Request) -> Response:
        form = read_form(await request.body())
        job = await job_of(site, _number(form))
        try:
            where = await site.run(_act, site, job, form)
        except (ApiError, DropdubError) as error:
            found = error if isinstance(error, ApiError) else ApiError.of(error)
            return await page(request, job.id, None, problem=found.message, status=found.status)
        site.nudge()
        return RedirectResponse(where, 303)


def _number(form: Mapping[str, list[str]]) -> int:
    """Return the number of the job that a form is about. Raises ApiError (400)."""
    given = form.get("id", [""])[0]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise ApiError(400, "The form names no job.", param="id")
    return int(given)


def _act(site: Site, job: JobView, form: Mapping[str, list[str]]) -> str:
    """Do what a form asks for; return the path of the page to show next. Raises ApiError and TransitionRefused."""
    wanted = form.get("action", [""])[0]
    if wanted == _FORGET:
        forget(site, job, with_outputs="outputs" in form)
        return "/"
    if wanted not in set(Action):
        raise ApiError(400, "There is no such action.", param="action")
    act_on_one(site, Action(wanted), job.id)
    return f"/jobs/{job.id}"


def _page(
    request: Request,
    pages: Pages,
    site: Site,
    record: JobRecord,
    film: FilmView,
    target: str | None,
    problem: str,
    status: int,
) -> Response:
    values = _changing(site, record, film, pages.words(request))
    published: Published = values["published"]
    written = written_in(published)
    shown = _chosen(written, target, published.job.kind)
    transcript = _transcript(site, record.job, shown)
    found, timed = dub_results(site, record.job), published.job.kind != "text"
    return pages.page(
        request,
        "job.html.j2",
        status=status,
        problem=problem,
        written=written,
        shown=shown,
        lines=shown_lines(transcript.lines) if transcript else [],
        timed=timed,
        has_timeline=timed and bool(values["tracks"]) and any(one.target is None for one in written),
        dubs=_dubs(found, published),
        suspects=found.suspects,
        missing=found.missing,
        commercial_use=found.commercial_use(published.words),
        tracks_data=[asdict(one) for one in values["tracks"]],
        stem=PurePath(published.name).stem,
        is_request=not record.job.source,
        done_to_lines=DONE_TO_LINES,
        **values,
    )


def _now(request: Request, pages: Pages, site: Site, record: JobRecord, film: FilmView) -> Response:
    return pages.page(request, "parts/job_now.html.j2", **_changing(site, record, film, pages.words(request)))


def _changing(site: Site, record: JobRecord, film: FilmView, words: Words) -> dict[str, Any]:
    """Return what may be different each time."""
    details, steps = shown_record(record, site.place.root)
    outputs = outputs_of(record.job, site.place.root).outputs
    published = Published(details.job, named_after(film), {one.name: one for one in outputs}, words)
    is_playable = details.job.duration_s is not None and has_recording(film, site.place.root)
    tracks = tracks_of(published, media_type(film.name) if is_playable else None)
    return {
        "job": details.job,
        "events": details.events,
        "steps": steps.steps,
        "actions": possible_actions(details.job),
        "has_ended": details.job.state in ENDED,
        "outputs": outputs,
        "tracks": tracks,
        "published": published,
        "ready": _ready(tracks, written_in(published)),
        "revises": film.revises,
        "newer": next((one for one in reversed(film.newer) if one.state == "succeeded"), None),
        "coming": next((one for one in reversed(film.newer) if one.state not in ENDED), None),
        "name_of": words.name_of,
        "states": STATES,
        "signs": SIGNS,
    }


def _ready(tracks: list[Track], written: list[Written]) -> str:
    """Return what a page has to show, so that one that is open notices when there is more."""
    return " ".join([*(one.id for one in tracks), "/", *(one.target or "-" for one in written)])


def _chosen(written: list[Written], target: str | None, kind: str | None) -> Written | None:
    """Return the language to show: the one that is asked for, otherwise the first."""
    return next((one for one in written if one.target == target), written[0] if written else None)


def _transcript(site: Site, job: JobView, shown: Written | None) -> JobTranscript | None:
    if shown is None:
        return None
    try:
        return transcript_of(job, site.place.root, shown.target)
    except ApiError:  # somebody has removed or changed the file meanwhile
        return None


def _dubs(found: DubResults, published: Published) -> list[ShownDub]:
    timed, words = published.job.kind != "text", published.words
    shown = []
    for target, quality in found.quality.targets.items():
        figures = figures_of(quality, found.facts.segments, words, timed=timed)
        missing = not_measured(found.facts, quality.timing, target, words)
        shown.append(ShownDub(target, words.title_of(target), figures, tuple(missing)))
    return shown
