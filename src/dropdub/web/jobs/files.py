"""The routes that send the files of jobs."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from dropdub.web.answering.downloads import answer_with, attachment
from dropdub.web.answering.outgoing import rejoined
from dropdub.web.api_document import Responses, errors
from dropdub.web.jobs.archive import archive_of
from dropdub.web.jobs.lookup import film_of, job_of
from dropdub.web.jobs.outputs import MEDIA_TYPES, UNKNOWN, Outputs, open_output, outputs_of
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.jobs.recording import open_recording
from dropdub.web.site import Site

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE = {name.split(";")[0]: _BYTES for name in sorted({UNKNOWN, *MEDIA_TYPES.values()})}
_FILE_ANSWERS: Responses = {
    200: {"description": "The file", "content": _FILE},
    206: {"description": "The part of it that `Range` names", "content": _FILE},
    304: {"description": "The client has it already"},
}
_ARCHIVE: Responses = {200: {"description": "The files", "content": {"application/zip": _BYTES}}}
OutputNumber = Annotated[int, Path(alias="n", ge=1, le=1_000_000, description="The `number` of the output")]


def file_routes(router: APIRouter, site: Site) -> None:
    """Add the routes to a router."""

    @router.get("/v1/jobs/{id}/outputs", summary="The files that a job has published", responses=errors(404))
    async def listed(number: JobNumber) -> Outputs:
        return await site.run(outputs_of, await job_of(site, number), site.place.root)

    async def output(request: Request, number: JobNumber, n: OutputNumber) -> Response:
        job = await job_of(site, number)
        return answer_with(site, request, await site.run(open_output, job, site.place.root, n))

    for method in ("GET", "HEAD"):
        router.add_api_route(
            "/v1/jobs/{id}/outputs/{n}",
            output,
            methods=[method],
            name=f"output_{method.lower()}",
            summary="A file, or a part of it" if method == "GET" else "What is known about a file",
            response_class=Response,
            responses={**_FILE_ANSWERS, **errors(404, 416)},
        )

    async def recording(request: Request, number: JobNumber) -> Response:
        film = await film_of(site, number)
        return answer_with(site, request, await site.run(open_recording, number, film, site.place.root))

    for method in ("GET", "HEAD"):
        router.add_api_route(
            "/v1/jobs/{id}/original",
            recording,
            methods=[method],
            name=f"original_{method.lower()}",
            summary="The recording as it was dropped" if method == "GET" else "What is known about the recording",
            response_class=Response,
            responses={**_FILE_ANSWERS, **errors(404, 416)},
        )

    @router.get(
        "/v1/jobs/{id}/archive.zip",
        summary="All files of a job as one ZIP file",
        response_class=StreamingResponse,
        responses={**_ARCHIVE, **errors(404)},
    )
    async def archive(number: JobNumber) -> Response:
        job = await job_of(site, number)
        pieces = archive_of(site, job)
        first = await anext(pieces)  # if there are no files, that is the answer
        name = f"{PurePath(job.published or job.name).name}.zip"
        headers = {"content-disposition": attachment(name), "x-content-type-options": "nosniff"}
        return StreamingResponse(rejoined((first,), pieces), headers=headers, media_type="application/zip")
