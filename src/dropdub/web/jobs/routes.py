"""All routes about jobs."""

from __future__ import annotations

from fastapi import APIRouter

from dropdub.web.admission import Admission
from dropdub.web.jobs.acting import acting_routes
from dropdub.web.jobs.files import file_routes
from dropdub.web.jobs.making import making_routes
from dropdub.web.jobs.reading import reading_routes
from dropdub.web.jobs.uploaded import UploadedFiles
from dropdub.web.lines.draft_routes import draft_routes
from dropdub.web.lines.drafts import Drafts
from dropdub.web.lines.peaks import peak_routes
from dropdub.web.lines.previews import preview_routes
from dropdub.web.lines.revisions import revision_routes
from dropdub.web.lines.timeline import timeline_routes
from dropdub.web.site import Site


def jobs_router(site: Site, admission: Admission, uploads: UploadedFiles) -> APIRouter:
    """Return the routes below `/v1/jobs`."""
    router = APIRouter(tags=["Jobs"])
    reading_routes(router, site)
    making_routes(router, site, admission, uploads)
    acting_routes(router, site)
    file_routes(router, site)
    peak_routes(router, site)
    timeline_routes(router, site)
    drafts = Drafts(site.place.root)
    draft_routes(router, site, drafts)
    revision_routes(router, site, admission, drafts)
    preview_routes(router, site, admission)
    return router
