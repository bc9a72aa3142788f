"""Read cues from JSON: YouTube's json3, and what Whisper's programs, recognition services and downloaders write."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dropdub.errors import NotText
from dropdub.subtitles.raw_cues import RawCue, RawCues

_TICKS = 1e-7
"""A hundred nanoseconds, in which Azure counts."""
JSON_STARTS = ("{", "[")
_HEAD, _LOOKED_AT = 200, 20
_REMEDY = "Download it again, or save it as .srt, then drop that."


@dataclass(frozen=True)
class _Shape:
    """Where a program writes its cues: keys and indexes with points between them.

    `unit`: of its times, in seconds. `lasts`: the duration, if it writes that instead of the end.
    """

    cues: str
    start: str
    text: str
    end: str = ""
    lasts: str = ""
    unit: float = 1.0


_SHAPES: Sequence[_Shape] = (
    _Shape("events", "tStartMs", "segs", lasts="dDurationMs", unit=0.001),
    _Shape("segments", "start", "text", end="end"),  # Whisper, faster-whisper, WhisperX
    _Shape("chunks", "timestamp.0", "text", end="timestamp.1"),  # insanely-fast-whisper
    _Shape("transcription", "offsets.from", "text", end="offsets.to", unit=0.001),  # whisper.cpp
    _Shape("results.audio_segments", "start_time", "transcript", end="end_time"),  # Amazon
    _Shape("recognizedPhrases", "offsetInTicks", "nBest.0.display", lasts="durationInTicks", unit=_TICKS),  # Azure
    _Shape("results", "alternatives.0.words.0.startTime", "alternatives.0.transcript", end="resultEndTime"),  # Google
    _Shape("body", "from", "content", end="to"),  # Bilibili
    _Shape("", "start", "text", end="end"),
    _Shape("", "start", "text", lasts="duration"),
)


_Times = tuple[float, float | None]


def json_format(text: str) -> str | None:
    """Return `json3` for a file of YouTube, `json` for other JSON with cues, else None."""
    if not text.startswith(JSON_STARTS) or '"' not in text[:_HEAD]:
        return None
    if '"events"' in text and '"tStartMs"' in text:
        return "json3"
    try:
        return "json" if _shape_of(json.loads(text)) is not None else None
    except (ValueError, RecursionError):
        return None


def json_cues(text: str) -> RawCues:
    """Return the cues of a JSON file. Raises NotText if it is damaged."""
    found = RawCues()
    try:
        whole = json.loads(text)
        shape = _shape_of(whole)
        cues = [_cue(one, shape) for one in _at(whole, shape.cues)] if shape else None
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise NotText("Its JSON is damaged.", remedy=_REMEDY) from error
    if cues is None:
        raise NotText("Its JSON is damaged.", remedy=_REMEDY)
    found.cues = [RawCue(*times, words) for times, words in filter(None, cues)]
    return found


def _shape_of(whole: object) -> _Shape | None:
    return next((shape for shape in _SHAPES if _fits(whole, shape)), None)


def _fits(whole: object, shape: _Shape) -> bool:
    """Return whether one of the first of the listed cues has its times and words where a program writes them."""
    try:
        cues = _at(whole, shape.cues)
        return isinstance(cues, list) and any(_cue(one, shape) is not None for one in cues[:_LOOKED_AT])
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


def _cue(one: Any, shape: _Shape) -> tuple[_Times, str] | None:
    """Return times and words of a cue; None for what has no words or times, such as the windows of json3."""
    text, start = _find(one, shape.text), _find(one, shape.start)
    end, lasts = _find(one, shape.end), _find(one, shape.lasts)
    if text is None or start is None or (shape.end and end is None):
        return None
    words = "".join(str(part.get("utf8", "")) for part in text) if isinstance(text, list) else str(text)
    begins = _number(start)
    if shape.end:
        return (_seconds(begins, shape), _seconds(_number(end), shape)), words
    return (_seconds(begins, shape), None if lasts is None else _seconds(begins + _number(lasts), shape)), words


def _seconds(count: float, shape: _Shape) -> float:
    return round(count * shape.unit, 3)


def _number(value: object) -> float:
    """Return a number that may be written as text: `1.5`, `1.5s`. Raises ValueError."""
    number = float(str(value).removesuffix("s"))
    if not math.isfinite(number):
        raise ValueError(f"not a time: {value}")
    return number


def _find(one: Any, path: str) -> Any:
    try:
        return _at(one, path) if path else None
    except (LookupError, TypeError):
        return None


def _at(one: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        one = one[int(key)] if key.isdigit() else one[key]
    return one
