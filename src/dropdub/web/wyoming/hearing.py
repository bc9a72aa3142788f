"""Transcribe what a client says: its sound goes to the disk as it comes, and then has a job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStop

from dropdub.languages import UNDETERMINED, primary
from dropdub.pipeline.request import Wanted
from dropdub.store.views.answers import AnswerView
from dropdub.units import format_duration
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import read_fields
from dropdub.web.site import Site
from dropdub.web.speech.headers import UNKNOWN_LENGTH, wav_header
from dropdub.web.transcripts.job_options import changes
from dropdub.web.transcripts.recordings import Recording, ask
from dropdub.web.transcripts.results import growing, transcript_of
from dropdub.web.transcripts.wording import GrowingLine, whole_text
from dropdub.web.uploads.reception import Reception
from dropdub.web.uploads.upload import Upload
from dropdub.web.wyoming.asked import SoundFormat, TranscriptAsked
from dropdub.web.wyoming.wire import Wire

NAME = "spoken.wav"
"""The name of each recording: the protocol has none."""


class Hearing:
    """Answers `transcribe`."""

    def __init__(self, site: Site, admission: Admission, reception: Reception, wire: Wire) -> None:
        self._site, self._admission, self._reception, self._wire = site, admission, reception, wire

    async def hear(self, asked: TranscriptAsked, sound: SoundFormat, *, engines: frozenset[str]) -> None:
        """Receive the sound, and send its transcript. `engines`: the transcribers that may be asked for by name.

        Raises ApiError, and ClientLeft if the client leaves first.
        """
        options = _options(asked, engines)
        await self._admission.long(0)
        job_id = await self._received(sound, options)
        if job_id is None:
            await self._wire.send(Transcript("", language=asked.language))
            return
        with self._site.leaving.present(job_id, linger_s=0.0):
            await self._wire.unless_left(self._answer(job_id))

    async def _received(self, sound: SoundFormat, options: Mapping[str, Any]) -> int | None:
        """Return the job of the sound; None if nothing was sent."""
        uploads, run = self._reception.uploads, self._reception.run
        upload = await run(uploads.create, NAME, size=None, resumable=False)
        try:
            incoming = _Incoming(self._wire, sound, longest_s=self._site.config.limits.max_duration)
            upload = await self._reception.append(upload, incoming.file())
            return await self._job(upload, options) if incoming.length else None
        finally:
            await run(uploads.release, upload)

    async def _job(self, upload: Upload, options: Mapping[str, Any]) -> int:
        recording = Recording(upload, Wanted.TRANSCRIPT, options, fine=True)
        return (await ask(self._site, self._reception, recording)).job_id

    async def _answer(self, job_id: int) -> None:
        line = GrowingLine()
        await self._wire.send(TranscriptStart())
        async for found in growing(self._site, job_id):
            if isinstance(found, AnswerView):
                await self._wire.send(await self._transcript(found), TranscriptStop())
            elif more := line.add(found):
                await self._wire.send(TranscriptChunk(more))

    async def _transcript(self, view: AnswerView) -> Transcript:
        transcript = await transcript_of(self._site, view)
        language = None if transcript.language == UNDETERMINED else primary(transcript.language)
        return Transcript(whole_text(transcript.segments), language=language)


class _Incoming:
    """The sound that a client sends, until `audio-stop`. `length`: its bytes so far."""

    def __init__(self, wire: Wire, sound: SoundFormat, *, longest_s: float) -> None:
        self._wire, self._sound, self._longest_s = wire, sound, longest_s
        self.length = 0

    async def file(self) -> AsyncIterator[bytes]:
        """Yield it as a WAV of whole samples. Raises ApiError for another format or too much of it, and ClientLeft."""
        sound = self._sound
        yield wav_header(sound.rate, UNKNOWN_LENGTH, channels=sound.channels, width=sound.width)
        while not AudioStop.is_type((event := await self._wire.next()).type):
            if AudioChunk.is_type(event.type):
                yield self._checked(read_fields(event.data, SoundFormat), event.payload or b"")
            else:
                await self._wire.answer_ping(event)
        yield bytes(-self.length % sound.frame)

    def _checked(self, sound: SoundFormat, samples: bytes) -> bytes:
        if sound != self._sound:
            raise ApiError(400, "The format of the sound changed while it was sent.", "FormatChanged")
        self.length += len(samples)
        if self.length > self._longest_s * sound.bytes_per_s:
            longest = format_duration(self._longest_s)
            raise ApiError(413, f"The sound is longer than {longest}, which limits.max_duration allows.", "TooLong")
        return samples


def _options(asked: TranscriptAsked, engines: frozenset[str]) -> Mapping[str, Any]:
    named = {"transcriber": asked.name} if asked.name in engines else {}
    return {**changes(language=asked.tag, prompt=None, hotwords=asked.terms, diarized=False, target=None), **named}
