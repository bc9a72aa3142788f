"""Dropdub's own routes for the speech of one text: wait for the sound, or come back for it."""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.fields import Fields
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.presence import unless_left
from dropdub.web.repetition import key_of
from dropdub.web.site import Site
from dropdub.web.speech.answers import Delivery, finished_answer, later_answer, speech_answer
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.request import LONGEST_WAIT_S, SynthesizeRequest
from dropdub.web.speech.wish import Wish, ask_for

_PREFERRED_WAIT = re.compile(r"(?:^|[;,\s])wait=(\d{1,6}(?:\.\d{1,3})?)(?:$|[;,\s])")


def synthesize_router(site: Site, admission: Admission) -> APIRouter:
    """Return the routes `/v1/synthesize` and the sound of a job."""
    router = APIRouter(tags=["Speech"])

    @router.post("/v1/synthesize", summary="Speak a text", openapi_extra=body_of(SynthesizeRequest))
    async def synthesize(request: Request) -> Response:
        await admission.short()
        asked = read_body(await request.body(), SynthesizeRequest)
        wait_s = wanted_wait_s(request, asked.wait)
        wish = Wish(asked.text, asked.voice, asked.language, asked.speed, key_of(request))
        job, warnings = await ask_for(site, wish)
        headers = job_headers(job.job_id, warnings)
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
        delivery = Delivery(format, job_headers(number))
        return await unless_left(request, speech_answer(site, number, delivery))

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
