"""Dropdub's own routes for speech: one text, or many at once; wait for the sound, or come back for it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dropdub.web.admission import Admission
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.errors import ApiError
from dropdub.web.fields import Fields
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.presence import unless_left
from dropdub.web.repetition import key_of
from dropdub.web.site import Site
from dropdub.web.speech import batches
from dropdub.web.speech.answers import Delivery, finished_answer, later_answer, speech_answer
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.request import LONGEST_WAIT_S, BatchRequest, SynthesizeRequest
from dropdub.web.speech.wish import Wish, ask_for
from dropdub.web.warnings import warning_headers

_PREFERRED_WAIT = re.compile(r"(?:^|[;,\s])wait=(\d{1,6}(?:\.\d{1,3})?)(?:$|[;,\s])")


def synthesize_router(site: Site, admission: Admission) -> APIRouter:
    """Return the routes `/v1/synthesize`, `/v1/batch-synthesize`, `/v1/batches` and the sound of a job."""
    router = APIRouter(tags=["Speech"])

    @router.post("/v1/synthesize", summary="Speak a text", openapi_extra=body_of(SynthesizeRequest))
    async def synthesize(request: Request) -> Response:
        await admission.short()
        asked = read_body(await request.body(), SynthesizeRequest)
        wait_s = wanted_wait_s(request, asked.wait)
        wish = Wish(asked.text, asked.voice, asked.language, asked.speed, key_of(request))
        job, warnings = await ask_for(site, wish)
        headers = {"x-dropdub-job": str(job.job_id), **warning_headers(warnings)}
        work = finished_answer(site, job.job_id, Delivery(asked.format, headers))
        try:
            return await unless_left(request, asyncio.wait_for(work, wait_s))
        except TimeoutError:
            return later_answer(job.job_id, asked.format, headers)

    @router.get(
        "/v1/jobs/{id}/audio", summary="The sound of a text, also while it is being spoken", responses=errors(404)
    )
    async def audio(request: Request, number: JobNumber, format: AudioFormat = AudioFormat.WAV) -> Response:
        await _require_speech(site, number)
        delivery = Delivery(format, {"x-dropdub-job": str(number)})
        return await unless_left(request, speech_answer(site, number, delivery))

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


async def _require_speech(site: Site, job_id: int) -> None:
    """Raise ApiError 404 unless a job speaks a text."""
    view = await site.run(site.reader.answer, job_id)
    if view is None or not any(step.stage == "say" for step in view.steps):
        raise ApiError(404, f"There is no speech of job {job_id}.", "NoJob")


def wanted_wait_s(request: Request, asked_s: float) -> float:
    """Return how long the client wants to wait: as its query, its `Prefer` header or its body says. Raises ApiError."""
    wait_s = Fields.of(request.query_params.multi_items()).number("wait", least=0, most=LONGEST_WAIT_S)
    if wait_s is not None:
        return wait_s
    preferred = _PREFERRED_WAIT.search(request.headers.get("prefer", ""))
    return min(float(preferred[1]), LONGEST_WAIT_S) if preferred else asked_s
