"""All pages."""

from __future__ import annotations

from fastapi import APIRouter

from dropdub.web.dictation.dictations import Dictations
from dropdub.web.pages.docs import docs_routes
from dropdub.web.pages.health import health_routes
from dropdub.web.pages.job import job_routes
from dropdub.web.pages.live import live_routes
from dropdub.web.pages.models import models_routes
from dropdub.web.pages.new import new_routes
from dropdub.web.pages.queue import queue_routes
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.room import room_routes
from dropdub.web.pages.settings import settings_routes
from dropdub.web.pages.voices import voices_routes
from dropdub.web.rooms.rooms import Rooms
from dropdub.web.site import Site


def pages_router(site: Site, pages: Pages, dictations: Dictations, rooms: Rooms) -> APIRouter:
    """Return the routes of the pages. They are not in the API's document."""
    router = APIRouter(include_in_schema=False)
    for add in (
        queue_routes,
        job_routes,
        new_routes,
        voices_routes,
        models_routes,
        settings_routes,
        health_routes,
        docs_routes,
    ):
        add(router, site, pages)
    live_routes(router, site, pages, dictations)
    room_routes(router, site, pages, rooms)
    return router
