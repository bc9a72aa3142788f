"""The page for new work: a text or files, with options; or a text that is only to be heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dropdub.operations.voice_files import voice_files
from dropdub.pipeline.described_engines import described_engines
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import read_fields, read_form
from dropdub.web.jobs.bodies import LARGEST_NUMBER
from dropdub.web.jobs.submission import Wish, record_text
from dropdub.web.pages.option_form import ENGINES, GROUPS, LINES, different, options, usual, written
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.sidecar import Asked, asked_for
from dropdub.web.site import Site
from dropdub.web.speech.request import SynthesizeRequest
from dropdub.web.speech.wish import Wish as SpokenText
from dropdub.web.speech.wish import ask_for

_PAGE = "/new"
Job = Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)]
Form = Mapping[str, Sequence[str]]
_EMPTY: Form = {}


@dataclass(frozen=True)
class Offered:
    """What fields suggest: names of voices and engines, by option, and tags of languages."""

    voices: Sequence[str]
    engines: Mapping[str, Sequence[str]]
    languages: Sequence[str]


def new_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the routes of the page to a router."""
    admission = Admission(site)

    @router.api_route(_PAGE, methods=["GET", "HEAD"])
    async def new(request: Request, again: Job = None) -> Response:
        asked, before = await site.run(_as_before, site, again) if again else (Asked(None, {}), None)
        return pages.page(request, "new.html.j2", **await _shown(site, asked, _EMPTY), before=before, refused=None)

    @router.post(_PAGE)
    async def make(request: Request) -> Response:
        form = read_form(await request.body())
        asked, refused = asked_for(form, site.config), None
        if asked.problem is None and _one(form, "action") != "check":
            try:
                job = await _recorded(site, admission, form, asked)
            except ApiError as error:
                refused = site.worded(error)
            else:
                site.nudge()
                return RedirectResponse(f"/jobs/{job}", 303)
        shown = await _shown(site, asked, form)
        status = refused.status if refused else 400 if asked.problem else 200
        return pages.page(request, "new.html.j2", status=status, **shown, before=None, refused=refused)

    @router.post(f"{_PAGE}/options")
    async def chosen(request: Request) -> Response:
        """Return what the form asks for now, for its script."""
        asked = asked_for(read_form(await request.body()), site.config)
        in_force = site.config.options_for(asked.profile, {})
        return JSONResponse({**asdict(asked), "yaml": asked.yaml, "usual": usual(in_force)})

    @router.post(f"{_PAGE}/speak")
    async def speak(request: Request) -> Response:
        """Lead a browser without scripts to the sound of a text."""
        form = read_form(await request.body())
        try:
            job = await _spoken(site, admission, form)
        except ApiError as error:
            shown = await _shown(site, asked_for(form, site.config), form)
            refused = site.worded(error)
            return pages.page(request, "new.html.j2", status=refused.status, **shown, before=None, refused=refused)
        return RedirectResponse(f"/v1/jobs/{job}/audio?format=mp3", 303)


async def _spoken(site: Site, admission: Admission, form: Form) -> int:
    """Record the job that speaks the form's text, and return its number. Raises ApiError."""
    await admission.short()
    given = {name: value for name in ("voice", "language") if (value := _one(form, name).strip())}
    asked = read_fields({"text": _one(form, "text"), **given}, SynthesizeRequest)
    job, _ = await ask_for(site, SpokenText(asked.text, asked.voice, asked.language))
    return job.job_id


async def _recorded(site: Site, admission: Admission, form: Form, asked: Asked) -> int:
    """Record the job of the form's text, and return its number. Raises ApiError."""
    text = _one(form, "text").replace("\r\n", "\n")
    if not text.strip():
        raise ApiError(400, "There is no text. Write one, or choose files.", param="text")
    await admission.room(len(text))
    wish = Wish(asked.options, asked.profile)
    return (await site.run(record_text, site, text, _one(form, "name").strip() or None, wish)).job_id


def _as_before(site: Site, job: int) -> tuple[Asked, str | None]:
    """Return what an earlier job was made with, as far as that is not usual now, and its name."""
    found = site.reader.choice_of(job)
    if found is None:
        return Asked(None, {}), None
    profile = found.profile if found.profile in site.config.profiles else None
    return Asked(profile, different(found.options, site.config.options_for(profile, {}))), found.name


async def _shown(site: Site, asked: Asked, form: Form) -> dict[str, Any]:
    return {
        "asked": asked,
        "values": written(asked.options) if asked.problem is None else _as_entered(form),
        "usual": usual(site.config.options_for(asked.profile, {})),
        "groups": GROUPS,
        "options": options(),
        "how_lines_are_written": LINES,
        "profiles": list(site.config.profiles),
        "offered": await site.run(offered, site),
        "text": _one(form, "text"),
        "named": _one(form, "name"),
    }


def offered(site: Site) -> Offered:
    """Return what is suggested. Blocks."""
    state_dir = site.place.root.state_dir
    engines = {role: described_engines(state_dir, role) for role in ENGINES}
    voices = [path.stem for path in voice_files(site.place.root.voices)]
    voices += [one.voice.name for one in site.voices.of_engines()]
    spoken = {tag for found in engines.values() for one in found if one.is_ready for tag in one.languages}
    names = {role: [one.name for one in found if one.is_ready] for role, found in engines.items()}
    return Offered(list(dict.fromkeys(voices)), names, sorted(spoken))


def _as_entered(form: Form) -> dict[str, list[str]]:
    """Return the values of options as they were typed, so that what is wrong can be corrected."""
    return {name: list(form.get(f"option.{name}", ())) for name in options()}


def _one(form: Form, name: str) -> str:
    return (list(form.get(name, ())) or [""])[-1]
