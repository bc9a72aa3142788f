"""The page of the health: findings, daemon and workers, disk, and the server itself."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dropdub.pasting import command
from dropdub.web.administration import findings
from dropdub.web.answering.errors import ApiError
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.wording import POOLS, RUNS, VERDICTS
from dropdub.web.site import Site
from dropdub.web.system import system_of

_PAGE = "/health"
SIGNS = {"ok": "✓", "warning": "!", "problem": "✗"}
_WORST_FIRST = ("problem", "warning", "ok")


def health_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the routes of the page to a router."""

    @router.api_route(_PAGE, methods=["GET", "HEAD"])
    async def health(request: Request, examine: Annotated[bool, Query()] = False) -> Response:
        found = await _found(site) if examine else {"findings": None, "problem": None}
        return pages.page(request, "health.html.j2", **await _runs(site), **found)

    @router.get(f"{_PAGE}/findings")
    async def examined(request: Request) -> Response:
        """Return what the examination finds, which takes some seconds, for a page that is shown already."""
        return pages.page(request, "parts/findings.html.j2", **await _found(site))

    @router.get(f"{_PAGE}/system")
    async def system(request: Request) -> Response:
        """Return what runs now, for a page that is shown already."""
        return pages.page(request, "parts/system.html.j2", **await _runs(site))


async def _found(site: Site) -> dict[str, Any]:
    shown: dict[str, Any] = {"verdicts": VERDICTS, "signs": SIGNS, "problem": None, "examined_at": time.time()}
    try:
        found = await findings(site, with_paths=True)
    except ApiError as error:
        return {**shown, "findings": [], "problem": site.worded(error)}
    return {**shown, "findings": sorted(found.findings, key=lambda one: _WORST_FIRST.index(one.state))}


async def _runs(site: Site) -> dict[str, Any]:
    status = await site.run(site.reader.status, now=time.time(), limit=0)
    return {
        "system": await system_of(site),
        "root": status,
        "pools": POOLS,
        "run_states": RUNS,
        "watch": command(site.place.named_root, "watch"),
    }
