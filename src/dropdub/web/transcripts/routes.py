"""OpenAI's routes for transcripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from dropdub.pasting import with_commands
from dropdub.pipeline.request import Wanted
from dropdub.store.transitions import Asked
from dropdub.store.views.answers import AnswerView
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.event_stream import CONTENT_TYPE, failure
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.answering.long_answers import json_in_time, with_signs_of_life
from dropdub.web.fields import Fields
from dropdub.web.jobs.leaving import LINGER_S
from dropdub.web.jobs.outcome import ended
from dropdub.web.presence import unless_left
from dropdub.web.repetition import key_of
from dropdub.web.site import Site
from dropdub.web.transcripts.known_speakers import FORM, engine_warnings
from dropdub.web.transcripts.openai_answers import Heard, answer
from dropdub.web.transcripts.openai_events import TranscriptEvents
from dropdub.web.transcripts.openai_request import TranscriptionRequest, read_transcription, read_translation
from dropdub.web.transcripts.recordings import Recording, ask
from dropdub.web.transcripts.results import growing, known_in, transcript_of
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Reception


def transcripts_router(site: Site, admission: Admission, reception: Reception) -> APIRouter:
    """Return the routes `/v1/audio/transcriptions` and `/v1/audio/translations`."""
    router, transcribing = APIRouter(tags=["OpenAI"]), Transcribing(site, admission, reception)

    @router.post("/v1/audio/transcriptions", summary="Transcribe a recording")
    async def transcriptions(request: Request) -> Response:
        return await transcribing.answer(request, translated=False)

    @router.post("/v1/audio/translations", summary="Transcribe a recording and translate it")
    async def translations(request: Request) -> Response:
        return await transcribing.answer(request, translated=True)

    return router


class Transcribing:
    """Answers requests for transcripts."""

    def __init__(self, site: Site, admission: Admission, reception: Reception) -> None:
        self._site = site
        self._admission = admission
        self._reception = reception

    async def answer(self, request: Request, *, translated: bool) -> Response:
        """Return the answer, or one that is sent while the work is done. Raises ApiError."""
        key = key_of(request)
        await self._admission.long(int(request.headers.get("content-length", "0")))
        wish, job = await self._ask(request, key, read_translation if translated else read_transcription)
        headers = job_headers(job.job_id, await self._warnings(wish))
        if wish.stream:
            events = with_signs_of_life(self._events(job.job_id, wish))
            return StreamingResponse(events, media_type=CONTENT_TYPE, headers=headers)
        work = self._body(job.job_id, wish)
        if wish.response_format.is_json:
            return await unless_left(request, json_in_time(work, headers=headers))
        body = await unless_left(request, work)
        return Response(body, media_type=wish.response_format.content_type, headers=headers)

    async def _ask(
        self, request: Request, key: str | None, read: Callable[[Fields], TranscriptionRequest]
    ) -> tuple[TranscriptionRequest, Asked]:
        """Make the job that a form asks for; return what it asks for, and the job."""
        async with receive_form(request.receive, request.headers, self._reception, FORM) as form:
            # In a thread: the recordings of known speakers may be millions of letters.
            wish = await self._site.run(read, Fields.of(form.texts))
            recording = Recording(
                form.file("file"),
                Wanted.TRANSCRIPT,
                wish.job_options(),
                fine=wish.stream,
                key=key,
                speakers=wish.known_speakers if wish.diarized else (),
            )
            return wish.without_sounds(), await ask(self._site, self._reception, recording)

    async def _warnings(self, wish: TranscriptionRequest) -> list[str]:
        if not (wish.diarized and wish.known_speakers):
            return [*wish.warnings()]
        place, diarizer = self._site.place, self._site.config.job.diarizer
        missing = await self._site.run(engine_warnings, place.root.state_dir, diarizer)
        return [*wish.warnings(), *(with_commands(text, root=place.named_root) for text in missing)]

    async def _body(self, job_id: int, wish: TranscriptionRequest) -> bytes:
        with self._site.leaving.present(job_id, linger_s=LINGER_S):
            heard = await self._heard(await ended(self._site, job_id), wish)
        return (await self._site.run(answer, heard, wish)).encode()

    async def _heard(self, view: AnswerView, wish: TranscriptionRequest) -> Heard:
        transcript = await transcript_of(self._site, view, target=wish.target)
        known = [one.name for one in wish.known_speakers]
        return Heard(transcript, view.duration_s or transcript.duration_s, known_in(view), known)

    async def _events(self, job_id: int, wish: TranscriptionRequest) -> AsyncIterator[bytes]:
        events = TranscriptEvents(wish)
        with self._site.leaving.present(job_id, linger_s=LINGER_S):
            try:
                async for found in growing(self._site, job_id):
                    if isinstance(found, AnswerView):
                        yield await self._site.run(events.end, await self._heard(found, wish))
                    elif said := events.delta(found):
                        yield said
            except ApiError as error:
                yield failure(self._site.worded(error))
