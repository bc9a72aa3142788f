"""One connection: each event of the client is answered in its turn."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from wyoming.asr import Transcribe
from wyoming.audio import AudioStart
from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.info import Describe
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from dropdub.errors import with_remedy
from dropdub.web.admission import Admission
from dropdub.web.answering.error_answers import api_error
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import read_fields
from dropdub.web.presence import ClientLeft
from dropdub.web.site import Site
from dropdub.web.uploads.reception import Reception
from dropdub.web.wyoming.asked import SoundFormat, SpeechAsked, SpeechStart, TextChunk, TranscriptAsked
from dropdub.web.wyoming.hearing import Hearing
from dropdub.web.wyoming.offers import info, transcribers
from dropdub.web.wyoming.speaking import SpeechStream, Voicing, speak
from dropdub.web.wyoming.wire import Wire


class Conversation:
    """Answers one client until it leaves, or until something goes wrong: then it gets the error, and is disconnected.

    Home Assistant waits for the end of an answer or of the connection, and does not look for errors.
    """

    def __init__(self, site: Site, reception: Reception, wire: Wire) -> None:
        self._site, self._wire = site, wire
        self._admission = Admission(site)
        self._hearing = Hearing(site, self._admission, reception, wire)
        self._asked = TranscriptAsked()
        self._stream: SpeechStream | None = None
        self._is_streaming = False
        self._answers: tuple[tuple[type[Eventable], Callable[[Event], Awaitable[None]]], ...] = (
            (Describe, self._describe),
            (Ping, self._ping),
            (Transcribe, self._transcribe),
            (AudioStart, self._hear),
            (Synthesize, self._speak),
            (SynthesizeStart, self._start_stream),
            (SynthesizeChunk, self._add_to_stream),
            (SynthesizeStop, self._end_stream),
        )

    async def run(self) -> None:
        """Answer until the end of the connection, and close it."""
        try:
            with contextlib.suppress(ClientLeft):
                await self._answer_all()
        finally:
            await self._abandon_stream()
            await self._wire.close()

    async def _answer_all(self) -> None:
        try:
            while True:
                await self._answer(await self._wire.next())
        except ClientLeft:
            raise
        except Exception as error:  # the boundary of one client's requests: others must not notice
            await self._fail(api_error(error))

    async def _answer(self, event: Event) -> None:
        """Answer an event; those that are not known are ignored, as the protocol requires."""
        for kind, answer in self._answers:
            if kind.is_type(event.type):
                await answer(event)

    async def _fail(self, error: ApiError) -> None:
        """Send an error, and what ends a stream: without that, Home Assistant waits for ever."""
        await self._abandon_stream()
        found = self._site.worded(error)
        await self._wire.send(Error(with_remedy(found.message, found.remedy), found.code))
        if self._is_streaming:
            await self._wire.send(SynthesizeStopped())
        await self._wire.hang_up()

    async def _abandon_stream(self) -> None:
        if self._stream is not None:
            await self._stream.abandon()

    async def _describe(self, _event: Event) -> None:
        await self._wire.send(await info(self._site))

    async def _ping(self, event: Event) -> None:
        await self._wire.answer_ping(event)

    async def _transcribe(self, event: Event) -> None:
        self._asked = read_fields(event.data, TranscriptAsked)

    async def _hear(self, event: Event) -> None:
        asked, self._asked = self._asked, TranscriptAsked()
        sound = read_fields(event.data, SoundFormat)
        await self._hearing.hear(asked, sound, engines=await self._site.run(transcribers, self._site))

    async def _speak(self, event: Event) -> None:
        """Speak a text; not the copy of a stream's, which is meant for servers that know no streams."""
        if self._stream is None:
            await speak(self._site, self._admission, self._wire, read_fields(event.data, SpeechAsked))

    async def _start_stream(self, event: Event) -> None:
        if self._stream is not None:
            raise ApiError(400, "A text is being streamed already.", "StreamStarted")
        self._is_streaming = True
        voicing = Voicing(self._site, self._wire, read_fields(event.data, SpeechStart))
        await self._admission.short()
        self._stream = SpeechStream(self._wire, voicing)

    async def _add_to_stream(self, event: Event) -> None:
        if self._stream is not None:
            self._stream.add(read_fields(event.data, TextChunk).text)

    async def _end_stream(self, _event: Event) -> None:
        if self._stream is not None:
            await self._stream.finish()
        self._stream, self._is_streaming = None, False
        await self._wire.send(SynthesizeStopped())
