"""The routes of whisper-asr-webservice and Subgen, as Bazarr calls them.

Bazarr stores whatever an answer contains as the subtitle, whatever its status is. So errors have no body there: the
sentence is in a header.
"""

from __future__ import annotations

from pathlib import PurePath

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.languages import UNDETERMINED
from dropdub.pipeline.request import Wanted
from dropdub.web.admission import Admission
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.fields import Fields
from dropdub.web.jobs.leaving import LINGER_S
from dropdub.web.jobs.outcome import ended
from dropdub.web.presence import unless_left
from dropdub.web.site import Site
from dropdub.web.speech.headers import UNKNOWN_LENGTH, wav_header
from dropdub.web.transcripts import asr_answers
from dropdub.web.transcripts.asr_request import AsrRequest, DetectRequest, read_asr, read_detection
from dropdub.web.transcripts.recordings import Recording, ask
from dropdub.web.transcripts.results import transcript_of
from dropdub.web.transcripts.whisper_task import WhisperTask
from dropdub.web.uploads.form import FormRules
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Reception

FILE = "audio_file"
RAW_RATE = 16_000
PATHS = frozenset(("/asr", "/detect-language"))
"""Where errors have no body."""
_RAW = FormRules(file_header=wav_header(RAW_RATE, UNKNOWN_LENGTH), file_suffix=".wav")
"""Bazarr sends bare samples, 16-bit mono at 16 kHz. With this header, they are a file that says so."""


def asr_router(site: Site, admission: Admission, reception: Reception) -> APIRouter:
    """Return the routes `/asr` and `/detect-language`."""
    router = APIRouter(tags=["whisper-asr-webservice"])

    async def job_of(request: Request, wanted: Wanted, changes: dict[str, object], *, encode: bool) -> tuple[int, str]:
        rules = FormRules() if encode else _RAW
        await admission.long(int(request.headers.get("content-length", "0")))
        async with receive_form(request.receive, request.headers, reception, rules) as form:
            upload = form.file(FILE)
            return (await ask(site, reception, Recording(upload, wanted, changes))).job_id, PurePath(upload.name).stem

    @router.post("/asr", summary="Transcribe a recording")
    async def asr(request: Request) -> Response:
        wish = read_asr(Fields.of(request.query_params.multi_items()))
        job_id, name = await job_of(request, Wanted.TRANSCRIPT, wish.job_options(), encode=wish.encode)
        return await unless_left(request, transcribed(site, job_id, name, wish))

    @router.post("/detect-language", summary="Detect the language of a recording")
    async def detect_language(request: Request) -> Response:
        wish = read_detection(Fields.of(request.query_params.multi_items()))
        job_id, _ = await job_of(request, Wanted.DETECT, {}, encode=wish.encode)
        return await unless_left(request, detected(site, job_id, wish))

    return router


async def transcribed(site: Site, job_id: int, name: str, wish: AsrRequest) -> Response:
    """Return the answer of `/asr` once its job has ended; `name` is that of the file. Raises ApiError."""
    with site.leaving.present(job_id, linger_s=LINGER_S):
        view = await ended(site, job_id)
    target = "en" if wish.task is WhisperTask.TRANSLATE else None
    transcript = await transcript_of(site, view, target=target)
    headers = {**job_headers(job_id, wish.warnings()), **asr_answers.headers(transcript, wish, name)}
    body = await site.run(asr_answers.answer, transcript, wish)
    return Response(body, media_type=asr_answers.CONTENT_TYPE, headers=headers)


async def detected(site: Site, job_id: int, wish: DetectRequest) -> Response:
    """Return the answer of `/detect-language` once its job has ended. Raises ApiError."""
    with site.leaving.present(job_id, linger_s=LINGER_S):
        found = (await ended(site, job_id)).result("detect") or {}
    body = asr_answers.detected(found.get("language") or UNDETERMINED, found.get("confidence") or 0.0)
    headers = job_headers(job_id, wish.warnings())
    return Response(body, media_type="application/json", headers=headers)
