"""The route that makes jobs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.store.transitions import Asked
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.api_document import Responses, errors
from dropdub.web.bodies import body_of, read_at_most, read_body
from dropdub.web.jobs.bodies import JobRequest
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.shapes import Job, shown_job
from dropdub.web.jobs.submission import Wish, record_text, refuse_impossible
from dropdub.web.jobs.uploaded import UploadedFiles
from dropdub.web.repetition import LONGEST_KEY, key_of
from dropdub.web.site import Site

ESCAPED = 6
"""JSON may write a byte of a text in up to six characters."""
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "A request that is repeated with the same key gets the job of the first one",
}
MADE_BEFORE: Responses = {
    200: {"model": Job, "description": "The job that an earlier request with the same key has made"}
}
_DESCRIBED: dict[str, Any] = {**body_of(JobRequest), "parameters": [KEY]}
_FORM = {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}}
_DESCRIBED["requestBody"]["content"]["multipart/form-data"] = _FORM


def making_routes(router: APIRouter, site: Site, admission: Admission, uploads: UploadedFiles) -> None:
    """Add the route to a router."""

    @router.post(
        "/v1/jobs",
        status_code=201,
        summary="Make a job of a text or an upload",
        openapi_extra=_DESCRIBED,
        responses={**MADE_BEFORE, **errors(404, 409, 413, 415, 429, 507)},
    )
    async def make(request: Request, response: Response) -> Job:
        await admission.room(_size(request))
        if _is_json(request):
            asked = await _of_json(request, site, uploads)
        else:
            asked = await uploads.of_form(request, key_of(request))
        return await made_answer(site, asked, response)


async def made_answer(site: Site, made: Asked, response: Response) -> Job:
    """Return the job that a request has made, or the one that an earlier request with its key has made."""
    site.nudge()
    response.status_code = 200 if made.is_joined else 201
    response.headers.update({"location": f"/v1/jobs/{made.job_id}", **job_headers(made.job_id)})
    return shown_job(await job_of(site, made.job_id), site.place.root)


async def _of_json(request: Request, site: Site, uploads: UploadedFiles) -> Asked:
    most = ESCAPED * int(site.config.limits.max_text)
    too_large = ApiError(413, f"The body has more than {most} bytes.", "TooLarge")
    asked = read_body(await read_at_most(request, most, too_large), JobRequest)
    wish = Wish.of(asked, key_of(request))
    await site.run(refuse_impossible, site, wish)
    if asked.text is not None:
        return await site.run(record_text, site, asked.text, asked.name, wish)
    return await uploads.named(asked.upload or "", wish)


def _size(request: Request) -> int:
    """Return the size that a request says it has, in bytes; 0 if it does not say."""
    size = request.headers.get("content-length", "")
    return int(size) if size.isascii() and size.isdigit() and len(size) < 19 else 0


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
