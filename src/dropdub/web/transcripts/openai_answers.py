"""The answers of `/v1/audio/transcriptions` and `/v1/audio/translations`, with every documented field.

Sources: OpenAI's API reference and the types of its Python client.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dropdub.languages import UNDETERMINED, primary
from dropdub.pipeline.artifacts import Segment, TimedWord, Transcript
from dropdub.web.transcripts import captions
from dropdub.web.transcripts.figures import described
from dropdub.web.transcripts.language import whisper_name
from dropdub.web.transcripts.openai_request import Granularity, ResponseFormat, TranscriptionRequest
from dropdub.web.transcripts.speakers import letters
from dropdub.web.transcripts.wording import said, spaced, whole_text, words_of


@dataclass(frozen=True)
class Heard:
    """What a request made: its transcript (or translation), and the seconds of sound that were read for it.

    `speakers` are the names of those whom the client knows, by the transcript's own names (None if it has none), and
    `known` are all names that the client gave.
    """

    transcript: Transcript
    seconds: float
    speakers: Mapping[str | None, str] = field(default_factory=dict)
    known: Collection[str] = ()


def answer(heard: Heard, request: TranscriptionRequest) -> str:
    """Return the body of the answer, in the format that was asked for."""
    return _FORMATS[request.response_format](heard, request)


def _plain(heard: Heard, request: TranscriptionRequest) -> str:
    fields = {"text": whole_text(heard.transcript.segments), "languages": languages(heard.transcript)}
    measured = {"logprobs": logprobs(words_of(heard.transcript))} if request.logprobs else {}
    return _json({**fields, **measured, "usage": usage(heard)})


def _verbose(heard: Heard, request: TranscriptionRequest) -> str:
    transcript = heard.transcript
    fields = {
        "task": request.task,
        "language": whisper_name(transcript.language),
        "duration": _duration_s(heard),
        "text": whole_text(transcript.segments),
    }
    if Granularity.SEGMENT in request.granularities:
        fields["segments"] = _segments(said(transcript.segments))
    if Granularity.WORD in request.granularities:
        fields["words"] = [_word(word) for word in words_of(transcript)]
    return _json({**fields, "usage": usage(heard)})


def _diarized(heard: Heard, request: TranscriptionRequest) -> str:
    transcript = heard.transcript
    fields = {
        "task": request.task,
        "duration": _duration_s(heard),
        "text": whole_text(transcript.segments),
    }
    return _json({**fields, "segments": spoken_segments(heard), "usage": usage(heard)})


def _text(heard: Heard, _request: TranscriptionRequest) -> str:
    return whole_text(heard.transcript.segments) + "\n"


def _srt(heard: Heard, _request: TranscriptionRequest) -> str:
    return captions.srt(heard.transcript)


def _vtt(heard: Heard, _request: TranscriptionRequest) -> str:
    return captions.vtt(heard.transcript)


_FORMATS: dict[ResponseFormat, Callable[[Heard, TranscriptionRequest], str]] = {
    ResponseFormat.JSON: _plain,
    ResponseFormat.TEXT: _text,
    ResponseFormat.SRT: _srt,
    ResponseFormat.VTT: _vtt,
    ResponseFormat.VERBOSE_JSON: _verbose,
    ResponseFormat.DIARIZED_JSON: _diarized,
}


def _duration_s(heard: Heard) -> float:
    """Return the length of the recording in seconds, to the millisecond."""
    return round(heard.transcript.duration_s, 3)


def languages(transcript: Transcript) -> list[dict[str, str]]:
    """Return the codes of the languages that are spoken, the main one first; empty if that is not known."""
    main = transcript.source_language or transcript.language
    found = [primary(tag) for tag in (main, *(one.language for one in transcript.others))]
    return [{"code": code} for code in dict.fromkeys(found) if code != UNDETERMINED]


def usage(heard: Heard) -> dict[str, Any]:
    """Return what OpenAI would charge for: seconds of sound."""
    return {"type": "duration", "seconds": round(heard.seconds, 3)}


def logprobs(words: Sequence[TimedWord]) -> list[dict[str, Any]]:
    """Return the logarithm of each word's probability, if it is known. OpenAI's are of tokens, which are not kept."""
    known = [word for word in words if word.probability > 0]
    texts = spaced(word.text for word in known)
    return [
        {"token": text, "bytes": list(text.encode()), "logprob": round(math.log(word.probability), 4)}
        for word, text in zip(known, texts, strict=True)
    ]


def spoken_segments(heard: Heard) -> list[dict[str, Any]]:
    """Return the segments with their speakers, as `diarized_json` and the events of a stream have them."""
    segments = said(heard.transcript.segments)
    names = letters(segments, heard.speakers, taken=heard.known)
    return [
        {
            "id": segment_id(number),
            "type": "transcript.text.segment",
            "start": segment.start,
            "end": segment.end,
            "text": segment.text,
            "speaker": names[segment.speaker],
        }
        for number, segment in enumerate(segments)
    ]


def segment_id(number: int) -> str:
    """Return the id of a diarized segment, counted from 0: `seg_001` is the first."""
    return f"seg_{number + 1:03d}"


def _segments(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    texts = spaced(segment.text for segment in segments)
    return [described(number, *pair) for number, pair in enumerate(zip(segments, texts, strict=True))]


def _word(word: TimedWord) -> dict[str, Any]:
    return {"word": word.text.strip(), "start": word.start, "end": word.end}


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
