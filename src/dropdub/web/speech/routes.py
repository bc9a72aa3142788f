"""OpenAI's route for speech."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.web.admission import Admission
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.bodies import body_of, read_body
from dropdub.web.presence import unless_left
from dropdub.web.repetition import key_of
from dropdub.web.site import Site
from dropdub.web.speech.answers import Delivery, speech_answer
from dropdub.web.speech.request import SpeechRequest
from dropdub.web.speech.wish import Wish, ask_for


def speech_router(site: Site, admission: Admission) -> APIRouter:
    """Return the route `POST /v1/audio/speech`."""
    router = APIRouter(tags=["OpenAI"])

    @router.post("/v1/audio/speech", summary="Speak a text", openapi_extra=body_of(SpeechRequest))
    async def speech(request: Request) -> Response:
        await admission.short()
        asked = read_body(await request.body(), SpeechRequest)
        wish = Wish(asked.input, asked.voice, asked.language, asked.speed, key_of(request))
        job, warnings = await ask_for(site, wish)
        headers = job_headers(job.job_id, [*warnings, *asked.warnings()])
        delivery = Delivery(asked.response_format, headers, as_events=asked.stream_format == "sse")
        with site.leaving.present(job.job_id, linger_s=0.0, spares_begun=True):
            return await unless_left(request, speech_answer(site, job.job_id, delivery))

    return router
