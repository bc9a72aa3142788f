"""The page on which somebody speaks, and reads along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from dropdub.languages import display_name
from dropdub.web.answering.errors import ApiError
from dropdub.web.dictation.dictations import Dictations
from dropdub.web.dictation.sound import seconds_of
from dropdub.web.pages.languages import languages_of, named
from dropdub.web.pages.rendering import Pages
from dropdub.web.site import Site
from dropdub.web.uploads.upload import Upload

DictationId = Annotated[str, Path(alias="id", pattern=r"^[0-9a-f]{32}$")]


@dataclass(frozen=True)
class OpenDictation:
    """A dictation that nobody has ended. `changed`: when sound came last, in ISO 8601."""

    id: str
    name: str
    seconds: float
    changed: str

    @staticmethod
    def of(upload: Upload) -> OpenDictation:
        at = datetime.fromtimestamp(upload.changed, UTC).isoformat(timespec="seconds")
        return OpenDictation(upload.id, upload.name, seconds_of(upload), at)


def live_routes(router: APIRouter, site: Site, pages: Pages, dictations: Dictations) -> None:
    """Add the routes of the page to a router."""

    async def shown(request: Request, *, status: int = 200, problem: str = "") -> Response:
        known = await site.run(_languages, site)
        open_ones = [OpenDictation.of(one) for one in await dictations.growing() if seconds_of(one)]
        return pages.page(request, "live.html.j2", status=status, problem=problem, open=open_ones, **known)

    @router.api_route("/live", methods=["GET", "HEAD"])
    async def live(request: Request) -> Response:
        return await shown(request)

    @router.post("/live/{id}/end")
    async def end(request: Request, id_: DictationId) -> Response:
        try:
            return RedirectResponse(f"/jobs/{await dictations.end(id_)}", 303)
        except ApiError as error:
            return await shown(request, status=error.status, problem=error.message)

    @router.post("/live/{id}/discard")
    async def discard(request: Request, id_: DictationId) -> Response:
        try:
            await dictations.discard(id_)
        except ApiError as error:
            return await shown(request, status=error.status, problem=error.message)
        return RedirectResponse("/live", 303)


def _languages(site: Site) -> dict[str, Any]:
    """Return what can be chosen: languages that are understood, and those that can be spoken, as the settings name."""
    options = site.config.job
    return {
        "understood": named(languages_of(site, "transcriber")),
        "spoken": named(languages_of(site, "synthesizer", "translator")),
        "set_language": options.language,
        "targets": [display_name(tag) for tag in options.targets],
        "profiles": sorted(site.config.profiles),
    }
