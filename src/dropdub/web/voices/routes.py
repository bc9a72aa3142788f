"""Dropdub's own routes for voices."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from dropdub.operations.voice_files import existing_voice
from dropdub.web.admission import Admission
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.api_document import Responses, errors
from dropdub.web.bodies import body_of, form_of, read_body
from dropdub.web.site import Site
from dropdub.web.uploads.reception import Reception
from dropdub.web.voices import answers
from dropdub.web.voices.cloning import CLONE_ERRORS, Cloning
from dropdub.web.voices.listing import VoiceList
from dropdub.web.voices.preparing import PrepareRequest, prepare
from dropdub.web.voices.removal import remove

_CLONE = form_of("name", "consent", "replace", file="file", required=("name", "consent"))
_WAV: dict[str, Any] = {"content": {"audio/wav": {}}}
_SAMPLE: Responses = {200: _WAV, 206: {"description": "A part of it", **_WAV}, **errors(404, 416)}
_ASKED = {"description": "Jobs prepare those that are not prepared", "content": {"application/json": {}}}


def voices_router(site: Site, admission: Admission, reception: Reception, voices: VoiceList) -> APIRouter:
    """Return the routes `/v1/voices`, `/v1/clone-voice` and `/v1/precompute-embeddings`."""
    router, cloning = APIRouter(tags=["Voices"]), Cloning(site, admission, reception)

    @router.get("/v1/voices", summary="List the voices")
    async def list_voices() -> dict[str, Any]:
        listed, own = await site.run(voices.all), await site.run(voices.of_engines)
        return {"voices": list(map(answers.voice, listed)), "engine_voices": list(map(answers.engine_voice, own))}

    @router.get("/v1/voices/{name}", summary="Look at a voice", responses=errors(404))
    async def one_voice(name: str) -> dict[str, Any]:
        return {"voice": answers.voice(await site.run(voices.one, name))}

    @router.get(
        "/v1/voices/{name}/sample", summary="Hear a voice's recording", response_class=FileResponse, responses=_SAMPLE
    )
    async def sample(name: str) -> Response:
        path = await site.run(existing_voice, site.place.root.voices, name)
        return FileResponse(path, media_type="audio/wav", headers={"cache-control": "no-store"})

    @router.delete("/v1/voices/{name}", summary="Remove a voice", status_code=204, responses=errors(404, 409))
    async def remove_voice(name: str, *, force: bool = False) -> Response:
        await remove(site, name, force=force)
        return Response(status_code=204)

    @router.post(
        "/v1/clone-voice", summary="Clone a voice", status_code=201, openapi_extra=_CLONE, responses=CLONE_ERRORS
    )
    async def clone_voice(request: Request) -> Response:
        name, job_id = await cloning.answer(request, file_field="file")
        body = {"voice": answers.voice(await site.run(voices.one, name))}
        return JSONResponse(body, 201, headers=job_headers(job_id))

    @router.post(
        "/v1/precompute-embeddings",
        summary="Prepare voices",
        openapi_extra=body_of(PrepareRequest),
        responses={202: _ASKED, **errors(404, 415, 429, 507)},
    )
    async def precompute(request: Request) -> Response:
        await admission.long(0)
        asked = read_body(await request.body(), PrepareRequest)
        found = await prepare(site, voices, asked)
        about = {"engine": found.engine, "clones": found.clones, "voices": list(found.voices)}
        if not found.jobs:
            return JSONResponse(about)
        jobs = [{"voice": name, "job": job_id} for name, job_id in found.jobs]
        status_url = f"/v1/batches/{found.batch}"
        return JSONResponse({**about, "batch": found.batch, "jobs": jobs, "status_url": status_url}, 202)

    return router
