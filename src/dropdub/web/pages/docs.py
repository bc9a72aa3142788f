"""The page of help: for people, for programs that are set up to use the server, and for those who write one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.pasting import command
from dropdub.web.pages.operations import operations
from dropdub.web.pages.rendering import Pages
from dropdub.web.site import Site


def docs_routes(router: APIRouter, site: Site, pages: Pages) -> None:
    """Add the route of the page to a router."""

    @router.api_route("/docs", methods=["GET", "HEAD"])
    async def docs(request: Request) -> Response:
        address = str(request.base_url).rstrip("/")
        found = await site.run(request.app.openapi)
        scheme, _, host = address.partition("://")
        return pages.page(
            request,
            "docs.html.j2",
            address=address,
            with_token=f"{scheme}://x:TOKEN@{host}",
            wyoming=site.config.web.wyoming,
            show_token=command(site.place.named_root, "token", "show"),
            operations=operations(found, address),
        )
