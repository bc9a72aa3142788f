"""Hear, translate and speak what somebody has said: three jobs, each an aside where its worker is busy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dropdub.pipeline.plan import first_steps
from dropdub.pipeline.request import Request, Wanted
from dropdub.store.transitions import AskedJob
from dropdub.store.views.answers import AnswerView
from dropdub.web.answering.errors import ApiError
from dropdub.web.dictation.sound import RATE, seconds_of
from dropdub.web.interpreting.request import InterpretRequest
from dropdub.web.jobs.short_work import done
from dropdub.web.site import Site
from dropdub.web.speech.headers import wav_header
from dropdub.web.speech.wish import Wish, ask_to_say, granted, short_name
from dropdub.web.uploads.reception import Reception, whole
from dropdub.web.uploads.upload import Upload

NAME = "utterance.wav"


@dataclass(frozen=True)
class Interpretation:
    """What was said, and the same in the listener's language. `job` speaks it; its sound is at `audio_url`.

    `heard_s` and `translated_s`: how long that took.
    """

    text: str
    language: str
    translation: str
    target: str
    voice: str | None
    job: int
    audio_url: str
    heard_s: float
    translated_s: float


@dataclass(frozen=True)
class Understood:
    """A text in a language, and the job that has found it."""

    text: str
    language: str
    job: int


@dataclass(frozen=True)
class Interpreter:
    """Belongs to the event loop. Each of its steps raises ApiError if it cannot be done.

    `batch`: the batch of all its jobs, if they belong together.
    """

    site: Site
    reception: Reception
    batch: str | None = None

    async def interpret(self, sound: bytes, asked: InterpretRequest) -> tuple[Interpretation, tuple[str, ...]]:
        """Return what was said in a sound, and what the client should know; it is being spoken by then.

        Raises ApiError 422 if nobody speaks, and if it cannot be heard or translated.
        """
        began = time.monotonic()
        heard = await self.hear(sound, asked.language)
        if not heard.text:
            raise ApiError(422, "Nothing was said.", "NothingSaid", headers={"x-should-retry": "false"})
        after_hearing = time.monotonic()
        translated = await self.translate(heard.text, heard.language, asked.target)
        translated_s = time.monotonic() - after_hearing
        job, warnings = await self.speak(translated.text, asked.voice, asked.target)
        return Interpretation(
            text=heard.text,
            language=heard.language,
            translation=translated.text,
            target=asked.target,
            voice=asked.voice,
            job=job,
            audio_url=f"/v1/jobs/{job}/audio",
            heard_s=round(after_hearing - began, 3),
            translated_s=round(translated_s, 3),
        ), warnings

    async def hear(self, sound: bytes, language: str | None) -> Understood:
        """Return what is said in a sound, which is empty if nobody speaks."""
        view = await self._heard(sound, language)
        result = view.result(Wanted.DICTATE) or {}
        text = " ".join(one["text"] for one in result["segments"])
        return Understood(text, str(result["language"]), view.id)

    async def translate(self, text: str, source: str, target: str) -> Understood:
        """Return a text in another language."""
        view = await self._done(Wanted.INTERPRET, {"text": text, "source": source, "target": target}, text)
        return Understood(str((view.result(Wanted.INTERPRET) or {})["text"]), target, view.id)

    async def speak(self, text: str, voice: str | None, language: str) -> tuple[int, tuple[str, ...]]:
        """Return the job that speaks a text from now on, and what the client should know."""
        grant = partial(granted, self.site, Wish(text, voice, language), batch=self.batch)
        job, warnings = await ask_to_say(self.site, grant)
        return job.job_id, warnings

    async def _heard(self, sound: bytes, language: str | None) -> AnswerView:
        run, uploads = self.reception.run, self.reception.uploads
        data = wav_header(RATE, len(sound)) + sound
        upload = await run(uploads.create, NAME, size=len(data), resumable=False)
        try:
            upload = await self.reception.append(upload, whole(data))
            params = {"start": 0.0, "end": seconds_of(upload), "language": language, "is_last": True}
            return await self._done(Wanted.DICTATE, params, NAME, upload)
        finally:
            await run(uploads.release, upload)

    async def _done(
        self, wanted: Wanted, params: Mapping[str, Any], name: str, upload: Upload | None = None
    ) -> AnswerView:
        """Return a job of one step, once it has its result."""
        request = Request(wanted, params)
        job = AskedJob(
            name=short_name(name),
            request=request.to_json(),
            steps=first_steps(request),
            options=self.site.config.job.model_dump(mode="json"),
            source=str(upload.part) if upload else "",
            batch=self.batch,
        )
        return await done(self.site, job)
