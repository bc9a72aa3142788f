"""The page of the models: what is here, what is needed, how to get it, and how far downloads are."""

from __future__ import annotations

from typing import Any

import psutil
from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.pasting import command
from dropdub.web.administration import Models, models_here
from dropdub.web.answering.errors import ApiError
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.wording import COMMERCIAL, PRESENCES
from dropdub.web.pulls import pulls_in
from dropdub.web.site import Site

_PAGE = "/models"


def models_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the routes of the page to a router."""

    @router.api_route(_PAGE, methods=["GET", "HEAD"])
    async def models(request: Request) -> Response:
        return pages.page(request, "models.html.j2", **await _shown(site))

    @router.get(f"{_PAGE}/list")
    async def listed(request: Request) -> Response:
        """Return the list alone, for a page that is shown already."""
        return pages.page(request, "parts/models.html.j2", **await _shown(site))

    @router.get(f"{_PAGE}/pulls")
    async def pulls(request: Request) -> Response:
        """Return how far the downloads are, which costs no process."""
        found = await site.run(pulls_in, site.place.root.models_dir(site.config.models.dir))
        return pages.page(request, "parts/pulls.html.j2", pulls=found, sizes=_sizes(site))


async def _shown(site: Site) -> dict[str, Any]:
    problem, found = None, Models([], [], [])
    try:
        found = await models_here(site)
    except ApiError as error:
        problem = site.worded(error)
    missing = [one for one in found.models if one["used"] and not one["here"]]
    memory = psutil.virtual_memory()
    return {
        "models": found.models,
        "waiting": found.waiting,
        "pulls": found.pulls,
        "sizes": _sizes(site),
        "missing": missing,
        "pull": command(site.place.named_root, "models", "pull"),
        "list_all": command(site.place.named_root, "models", "list", "--all"),
        "verify": command(site.place.named_root, "models", "verify"),
        "memory": int(memory.total),
        "available": int(memory.available),
        "presences": PRESENCES,
        "commercial": COMMERCIAL,
        "problem": problem,
    }


def _sizes(site: Site) -> dict[str, int | None]:
    """Return about how many bytes each model has, as far as that was found out."""
    return {one["name"]: one["bytes"] for one in (site.models.last or {}).get("models", ())}
