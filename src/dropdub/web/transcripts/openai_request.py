"""What a request to `/v1/audio/transcriptions` or `/v1/audio/translations` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from dropdub.config.job import MOST_HOTWORDS
from dropdub.web.fields import Fields, invalid, language_tag
from dropdub.web.transcripts.chunking import Chunking, chunking
from dropdub.web.transcripts.job_options import changes, prompt_warnings
from dropdub.web.transcripts.known_speakers import KnownSpeaker, known_speakers
from dropdub.web.transcripts.whisper_task import WhisperTask

LONGEST_PROMPT = 20_000
_LONGEST_KEYWORD = 100
_MOST_LANGUAGES = 50


class ResponseFormat(StrEnum):
    """The format of an answer."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VERBOSE_JSON = "verbose_json"
    VTT = "vtt"
    DIARIZED_JSON = "diarized_json"

    @property
    def is_json(self) -> bool:
        """Whether spaces may be sent before the answer: they mean nothing in JSON."""
        return self.value.endswith("json")

    @property
    def content_type(self) -> str:
        """The MIME type of the answer."""
        if self.is_json:
            return "application/json"
        return {"srt": "application/x-subrip", "vtt": "text/vtt"}.get(self, "text/plain") + "; charset=utf-8"


class Granularity(StrEnum):
    """What gets times in `verbose_json`."""

    WORD = "word"
    SEGMENT = "segment"


class Include(StrEnum):
    """What an answer has only if it was asked for."""

    LOGPROBS = "logprobs"


@dataclass(frozen=True)
class TranscriptionRequest:
    """A request to transcribe or translate a recording; `target` is set for a translation only.

    `languages` are those that may be spoken. Whatever `model` is named, the installed one is used.
    """

    model: str
    task: WhisperTask = WhisperTask.TRANSCRIBE
    response_format: ResponseFormat = ResponseFormat.JSON
    language: str | None = None
    languages: tuple[str, ...] = ()
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    temperature: float = 0.0
    granularities: tuple[Granularity, ...] = (Granularity.SEGMENT,)
    logprobs: bool = False
    chunking: Chunking | None = None
    known_speakers: tuple[KnownSpeaker, ...] = ()
    stream: bool = False
    target: str | None = None

    @property
    def diarized(self) -> bool:
        """Whether speakers are to be distinguished: only one format names them."""
        return self.response_format is ResponseFormat.DIARIZED_JSON

    def job_options(self) -> dict[str, Any]:
        """Return the changes to the job options that this request makes."""
        only = self.languages[0] if len(self.languages) == 1 else None
        return changes(
            language=self.language or only,
            prompt=self.prompt,
            hotwords=self.keywords,
            diarized=self.diarized,
            target=self.target,
        )

    def without_sounds(self) -> TranscriptionRequest:
        """Return it without the recordings of known speakers, which would be in memory while a client waits."""
        return replace(self, known_speakers=tuple(replace(one, sound=b"") for one in self.known_speakers))

    def warnings(self) -> Sequence[str]:
        """Return a sentence for each field that has no effect, for the header `Dropdub-Warnings`."""
        ignored = [sentence for is_ignored, sentence in self._ignored() if is_ignored]
        return ignored + prompt_warnings("prompt", self.prompt)

    def _ignored(self) -> Sequence[tuple[bool, str]]:
        return (
            (self.temperature > 0, "temperature is ignored: the transcriber chooses it by itself."),
            (len(self.languages) > 1, "languages is ignored: the language is detected among all."),
            (self.logprobs, "logprobs are those of words: the transcriber's tokens are not kept."),
            (self.chunking is not None and self.chunking.has_parameters, _OWN_PAUSES),
            (bool(self.known_speakers) and not self.diarized, _NOT_NAMED),
        )


_NOT_NAMED = "known_speaker_references are ignored: only diarized_json names speakers."
_OWN_PAUSES = "chunking_strategy is ignored: Dropdub finds the pauses itself."


def read_transcription(fields: Fields) -> TranscriptionRequest:
    """Return what the fields of a form ask `/v1/audio/transcriptions` for. Raises ApiError (400)."""
    return TranscriptionRequest(
        model=fields.required("model"),
        response_format=fields.choice("response_format", ResponseFormat.JSON),
        language=fields.language("language"),
        languages=_languages(fields),
        prompt=fields.text("prompt", longest=LONGEST_PROMPT),
        keywords=fields.texts("keywords", most=MOST_HOTWORDS, longest=_LONGEST_KEYWORD),
        temperature=_temperature(fields),
        granularities=fields.choices("timestamp_granularities", Granularity) or (Granularity.SEGMENT,),
        logprobs=Include.LOGPROBS in fields.choices("include", Include),
        chunking=chunking(fields),
        known_speakers=known_speakers(fields),
        stream=fields.flag("stream", default=False),
    )


def read_translation(fields: Fields) -> TranscriptionRequest:
    """Return what the fields of a form ask `/v1/audio/translations` for. Raises ApiError (400)."""
    wanted = fields.choice("response_format", ResponseFormat.JSON)
    if wanted is ResponseFormat.DIARIZED_JSON:
        raise invalid("response_format", "of a translation must be one of json, text, srt, verbose_json, vtt")
    return TranscriptionRequest(
        model=fields.required("model"),
        task=WhisperTask.TRANSLATE,
        response_format=wanted,
        language=fields.language("language"),
        prompt=fields.text("prompt", longest=LONGEST_PROMPT),
        temperature=_temperature(fields),
        target=fields.language("target") or "en",
    )


def _languages(fields: Fields) -> tuple[str, ...]:
    given = fields.texts("languages", most=_MOST_LANGUAGES)
    return tuple(dict.fromkeys(language_tag("languages", value) for value in given))


def _temperature(fields: Fields) -> float:
    return fields.number("temperature", least=0, most=1) or 0.0
