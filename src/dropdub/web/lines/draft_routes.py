"""The routes that keep what somebody has changed of the lines of a job, before anything is made of it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.parameters import JobNumber, Target
from dropdub.web.lines.changes import DraftRequest
from dropdub.web.lines.drafts import Draft, Drafts
from dropdub.web.lines.transcripts import has_lines
from dropdub.web.site import Site


def draft_routes(router: APIRouter, site: Site, drafts: Drafts) -> None:
    """Add the routes to a router."""

    @router.get("/v1/jobs/{id}/draft", summary="The changes to the lines of a job", responses=errors(404))
    async def read(number: JobNumber, target: Target = None) -> Draft:
        await job_of(site, number)
        return await site.run(drafts.read, number, target)

    @router.put(
        "/v1/jobs/{id}/draft",
        summary="Keep the changes to the lines of a job",
        openapi_extra=body_of(DraftRequest),
        responses=errors(404, 409, 507),
    )
    async def save(request: Request, number: JobNumber, target: Target = None) -> Draft:
        if not has_lines(await job_of(site, number), target):
            raise ApiError(404, f"Job {number} has no lines in this language.", "NoTranscript", "target")
        asked = read_body(await request.body(), DraftRequest)
        return await site.run(drafts.save, number, target, asked)
