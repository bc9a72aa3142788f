"""The page of the voices: hear them, record one with its owner's consent, try them, remove one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from dropdub.operations.named_voices import places_naming
from dropdub.operations.voice_files import existing_voice
from dropdub.web.pages.reading_texts import LANGUAGE_NAMES, READING_TEXTS
from dropdub.web.pages.rendering import Pages
from dropdub.web.site import Site
from dropdub.web.voices.removal import remove

_PAGE = "/voices"
MOST_NAMED = 50
Name = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Uses:
    """What a voice is needed for: the settings that name it, and the numbers of unfinished jobs."""

    settings: list[str]
    jobs: list[int]


def voices_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the routes of the page to a router."""

    @router.api_route(_PAGE, methods=["GET", "HEAD"])
    async def voices(request: Request, removed: Name = "", made: Name = "") -> Response:
        listed, own = await site.run(site.voices.all), await site.run(site.voices.of_engines)
        engine = await site.run(site.voices.engine)
        return pages.page(
            request,
            "voices.html.j2",
            voices=listed,
            engine_voices=own,
            engine=engine,
            texts=READING_TEXTS,
            language_names=LANGUAGE_NAMES,
            removed=removed,
            made=made,
        )

    @router.api_route(_PAGE + "/{name}/remove", methods=["GET", "HEAD"])
    async def ask(request: Request, name: str) -> Response:
        voice = await site.run(site.voices.one, name)
        uses = await site.run(_uses, site, voice.name)
        return pages.page(request, "voice_removal.html.j2", voice=voice, uses=uses)

    @router.post(_PAGE + "/{name}/remove")
    async def remove_it(request: Request, name: str) -> Response:
        uses = await site.run(_uses, site, name)
        if uses.settings:  # said on the page that asks; whoever comes here nevertheless sees it again
            voice = await site.run(site.voices.one, name)
            return pages.page(request, "voice_removal.html.j2", status=409, voice=voice, uses=uses)
        await remove(site, name, force=True)
        return RedirectResponse(f"{_PAGE}?{urlencode({'removed': name})}", 303)


def _uses(site: Site, name: str) -> Uses:
    path = existing_voice(site.place.root.voices, name)
    return Uses(places_naming(path, site.config), site.reader.jobs_with_voice(path.stem)[:MOST_NAMED])
