"""Dropdub's own routes for the speech of many texts at once."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import body_of, read_body
from dropdub.web.site import Site
from dropdub.web.speech import batches
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.request import BatchRequest


def batch_router(site: Site, admission: Admission) -> APIRouter:
    """Return the routes `/v1/batch-synthesize` and `/v1/batches`."""
    router = APIRouter(tags=["Speech"])

    @router.post(
        "/v1/batch-synthesize", status_code=202, summary="Speak many texts", openapi_extra=body_of(BatchRequest)
    )
    async def batch_synthesize(request: Request) -> Response:
        await admission.batch()
        asked = read_body(await request.body(), BatchRequest)
        batch, jobs = await batches.record(site, asked)
        status_url = f"/v1/batches/{batch}"
        audio_url = f"{status_url}/audio?format={asked.format}&concat={str(asked.concat).lower()}"
        body = {
            "batch": batch,
            "jobs": [{"id": item.id, "job": job} for item, job in zip(asked.items, jobs, strict=True)],
            "status_url": status_url,
            "audio_url": audio_url,
        }
        return JSONResponse(body, 202, headers={"location": status_url})

    @router.get("/v1/batches/{batch}", summary="How far a batch is")
    async def batch_status(batch: str) -> dict[str, Any]:
        found = await batches.find(site, batch)
        return {
            "batch": found.id,
            "done": found.has_ended,
            "counts": found.counts,
            "jobs": [
                {"id": one.label, "job": one.job_id, "state": one.state, "audio_url": f"/v1/jobs/{one.job_id}/audio"}
                for one in found.entries
            ],
        }

    @router.get("/v1/batches/{batch}/audio", summary="The sound of a batch")
    async def batch_audio(batch: str, format: AudioFormat = AudioFormat.WAV, *, concat: bool = False) -> Response:
        found = await batches.find(site, batch)
        if not found.has_ended:
            raise ApiError(409, "The batch is not finished yet.", "NotFinished", headers={"retry-after": "5"})
        if concat:
            return StreamingResponse(batches.joined(site, found, format), media_type=format.content_type)
        headers = {"content-disposition": 'attachment; filename="speech.zip"'}
        return StreamingResponse(batches.zipped(site, found, format), media_type="application/zip", headers=headers)

    return router
