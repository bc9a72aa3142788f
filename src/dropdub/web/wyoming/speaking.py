"""Speak texts for a client: each is a job, and its sound is sent while it is being spoken."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

from wyoming.audio import AudioChunk, AudioStart, AudioStop

from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.site import Site
from dropdub.web.speech.audio_format import SPOKEN_RATE, AudioFormat
from dropdub.web.speech.encoding import Encoder
from dropdub.web.speech.pieces import spoken_pieces
from dropdub.web.speech.request import LONGEST_TEXT
from dropdub.web.speech.wish import Wish, granted
from dropdub.web.wyoming.asked import SpeechAsked, SpeechStart
from dropdub.web.wyoming.growing_text import GrowingText
from dropdub.web.wyoming.wire import Wire, ended

_WIDTH = 2
_CHUNK = 4_096
"""Bytes of sound in an event: a twelfth of a second."""
_NOTHING_TO_SAY = "NotText"


class Voicing:
    """Sends the sound of texts to one client, as one stream with one format: engines differ in theirs."""

    def __init__(self, site: Site, wire: Wire, start: SpeechStart) -> None:
        """Raises ApiError for a voice, a language or a format of text that is none."""
        start.refuse_markup()
        self._site, self._wire = site, wire
        self._voice, self._language = start.chosen_voice
        self._sent = 0

    async def say(self, text: str) -> None:
        """Speak a text. Raises ApiError if that fails, and ClientLeft; then it is cancelled if it has not begun."""
        found = await self._site.run(granted, self._site, Wish(text, self._voice, self._language))
        asking = asyncio.ensure_future(self._site.ask([found.job]))
        try:
            [job] = await asyncio.shield(asking)
        except asyncio.CancelledError:
            with self._present((await asking)[0].job_id):  # it is recorded in any case, and nobody waits for it
                raise
        with self._present(job.job_id):
            await self._send_job(job.job_id)

    async def finish(self) -> None:
        """Send the end of the sound, or a sound without length if there was none."""
        if not self._sent:
            await self._wire.send(AudioStart(SPOKEN_RATE, _WIDTH, 1, timestamp=0))
        await self._wire.send(AudioStop(timestamp=self._now_ms))

    def _present(self, job_id: int) -> AbstractContextManager[None]:
        return self._site.leaving.present(job_id, linger_s=0.0, spares_begun=True)

    async def _send_job(self, job_id: int) -> None:
        encoder: Encoder | None = None
        try:
            async for piece in spoken_pieces(self._site, job_id):
                encoder = encoder or Encoder(AudioFormat.PCM, piece.rate)
                await self._send(await self._site.run(encoder.write, piece.pcm))
            if encoder is not None:
                await self._send(await self._site.run(encoder.finish))
        finally:
            if encoder is not None:
                encoder.close()

    async def _send(self, sound: bytes) -> None:
        for at in range(0, len(sound), _CHUNK):
            if not self._sent:
                await self._wire.send(AudioStart(SPOKEN_RATE, _WIDTH, 1, timestamp=0))
            part = sound[at : at + _CHUNK]
            await self._wire.send(AudioChunk(SPOKEN_RATE, _WIDTH, 1, part, timestamp=self._now_ms))
            self._sent += len(part)

    @property
    def _now_ms(self) -> int:
        return self._sent // _WIDTH * 1000 // SPOKEN_RATE


async def speak(site: Site, admission: Admission, wire: Wire, asked: SpeechAsked) -> None:
    """Answer `synthesize`. Raises ApiError, and ClientLeft if the client leaves first."""
    voicing = Voicing(site, wire, asked)
    await admission.short()
    await wire.unless_left(voicing.say(asked.text))
    await voicing.finish()


class SpeechStream:
    """A text that a client sends in chunks, while a language model writes it, and whose sentences are spoken at once.

    What is complete while another part is spoken is spoken together: fewer jobs, and pauses between its sentences.
    """

    def __init__(self, wire: Wire, voicing: Voicing) -> None:
        self._voicing, self._wire = voicing, wire
        self._text = GrowingText()
        self._length = 0
        self._complete = ""
        self._has_ended = False
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(self._speak())

    def add(self, chunk: str) -> None:
        """Take the next chunk. Raises ApiError if the text is too long, or what was wrong with an earlier part."""
        self._length += len(chunk)
        if self._length > LONGEST_TEXT:
            raise ApiError(400, f"The text has more than {LONGEST_TEXT:,} characters.", "TooLong")
        if self._task.done():
            self._task.result()
        self._append(self._text.add(chunk))

    async def finish(self) -> None:
        """Speak the rest. Raises ApiError if that fails, and ClientLeft if the client leaves first."""
        self._has_ended = True
        self._append(self._text.finish())
        self._news.set()
        await self._wire.unless_left(self._end())

    async def abandon(self) -> None:
        """Speak nothing more."""
        await ended(self._task)

    async def _end(self) -> None:
        await self._task

    def _append(self, text: str) -> None:
        if text:
            self._complete = f"{self._complete} {text}".strip()
            self._news.set()

    async def _speak(self) -> None:
        is_any = False
        while not (self._has_ended and not self._complete):
            await self._news.wait()
            self._news.clear()
            text, self._complete = self._complete, ""
            if any(char.isalnum() for char in text):
                await self._say(text)
                is_any = True
            if self._has_ended:
                self._news.set()
        if is_any:
            await self._voicing.finish()

    async def _say(self, text: str) -> None:
        try:
            await self._voicing.say(text)
        except ApiError as error:
            if error.code != _NOTHING_TO_SAY:
                raise
