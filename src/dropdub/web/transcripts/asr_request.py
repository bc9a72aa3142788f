"""What a request to `/asr` or `/detect-language` asks for. Fields of other versions and servers are ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dropdub.web.fields import Fields, invalid
from dropdub.web.transcripts.job_options import changes, prompt_warnings
from dropdub.web.transcripts.whisper_task import WhisperTask

_LONGEST_PROMPT = 20_000
_MOST_SPEAKERS = 100
_LONGEST_DETECTION_S = 3_600
_LATEST_DETECTION_S = 86_400
_OWN_PART = "detect_lang_length and detect_lang_offset are ignored: Dropdub chooses the parts that it listens to."


class Output(StrEnum):
    """The format of the answer."""

    TXT = "txt"
    VTT = "vtt"
    SRT = "srt"
    TSV = "tsv"
    JSON = "json"


@dataclass(frozen=True)
class AsrRequest:
    """A request to transcribe, or to translate into English.

    Without `encode`, the file is 16-bit mono sound at 16 kHz, without a header.
    `video_file`, a path on the client's machine, is not among the fields: nothing opens it.
    """

    task: WhisperTask = WhisperTask.TRANSCRIBE
    output: Output = Output.TXT
    encode: bool = True
    language: str | None = None
    initial_prompt: str | None = None
    word_timestamps: bool = False
    diarize: bool = False
    min_speakers: int | None = None
    max_speakers: int | None = None

    def job_options(self) -> dict[str, Any]:
        """Return the changes to the job options that this request makes."""
        return changes(
            language=self.language,
            prompt=self.initial_prompt,
            hotwords=(),
            diarized=self.diarize,
            target="en" if self.task is WhisperTask.TRANSLATE else None,
        )

    def warnings(self) -> Sequence[str]:
        """Return a sentence for each field that has no effect, or not all of it."""
        counted = self.min_speakers is not None or self.max_speakers is not None
        ignored = ["min_speakers and max_speakers are ignored: the speakers are counted."] if counted else []
        return ignored + prompt_warnings("initial_prompt", self.initial_prompt)


@dataclass(frozen=True)
class DetectRequest:
    """A request to detect a language. `names_part`: whether it says which part of the recording is to be heard."""

    encode: bool = True
    names_part: bool = False

    def warnings(self) -> Sequence[str]:
        """Return a sentence for what has no effect, for the header `Dropdub-Warnings`."""
        return (_OWN_PART,) if self.names_part else ()


def read_asr(fields: Fields) -> AsrRequest:
    """Return what a query asks `/asr` for. Raises ApiError (400)."""
    least, most = _speakers(fields, "min_speakers"), _speakers(fields, "max_speakers")
    if least is not None and most is not None and least > most:
        raise invalid("min_speakers", "is above max_speakers")
    return AsrRequest(
        task=fields.choice("task", WhisperTask.TRANSCRIBE),
        output=fields.choice("output", Output.TXT),
        encode=fields.flag("encode", default=True),
        language=fields.language("language"),
        initial_prompt=fields.text("initial_prompt", longest=_LONGEST_PROMPT),
        word_timestamps=fields.flag("word_timestamps", default=False),
        diarize=fields.flag("diarize", default=False),
        min_speakers=least,
        max_speakers=most,
    )


def read_detection(fields: Fields) -> DetectRequest:
    """Return what a query asks `/detect-language` for, with the fields that Subgen added. Raises ApiError (400)."""
    length_s = fields.whole_number("detect_lang_length", least=1, most=_LONGEST_DETECTION_S)
    offset_s = fields.whole_number("detect_lang_offset", least=0, most=_LATEST_DETECTION_S)
    return DetectRequest(fields.flag("encode", default=True), names_part=bool(length_s or offset_s))


def _speakers(fields: Fields, name: str) -> int | None:
    return fields.whole_number(name, least=1, most=_MOST_SPEAKERS)
