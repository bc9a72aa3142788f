"""How a transcriber that verifies a dub fares on the original recording: without that, its figures mean little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dropdub.dubbing.listening import LONGEST_S, PAUSE_S, Line, Listener
from dropdub.dubbing.word_errors import word_errors
from dropdub.engines.base import EngineInfo
from dropdub.languages import primary
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.heard_lines import ListenerCheck
from dropdub.translations import mark as _

MOST_S = 10 * LONGEST_S
"""How much of a recording is heard: five minutes, some 700 words, show a word error rate to within 2 %."""


def check_on_original(listener: Listener, transcript: Transcript, audio: Path | None) -> ListenerCheck:
    """Hear lines of the original as those of the dub are heard, and compare them with its transcript.

    `audio` is the original's sound, None if there is none. The transcript is a reference only if it does not come from
    the same model: from the user's subtitle, or from another engine, whose own errors then count, too. Of a long
    recording, lines from all over it are heard.
    """
    unknown = _unknown(listener, transcript, audio)
    if unknown or audio is None:
        return ListenerCheck(unknown=unknown)
    lines = [Line(one.raw or one.text, audio, Span(one.start, one.end)) for one in _spread(transcript.segments)]
    heard = listener.hear(lines)
    texts = (" ".join(word.text for word in one.words) for one in heard)
    found = [word_errors(line.text, text) for line, text in zip(lines, texts, strict=True)]
    return ListenerCheck(
        reference=_named(transcript.engine),
        lines=len(lines),
        words=sum(one.words for one in found),
        errors=sum(one.errors for one in found),
    )


def _unknown(listener: Listener, transcript: Transcript, audio: Path | None) -> str | None:
    """Return why nothing can be known about a transcriber, as the end of a sentence and a message of the catalogues;
    None if it can be.
    """
    if audio is None:
        return _("there is no original recording")
    if _model(transcript.engine) == _model_of(listener.engine.info()):
        return _("it also made the transcript")
    if not _spread(transcript.segments):
        return _("nobody speaks in it")
    if primary(transcript.language) not in listener.engine.languages():
        return _("it does not understand the language spoken there")
    return None


def _spread(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments that have text and time: at most every n-th, so that they take at most `MOST_S`."""
    spoken = [one for one in segments if one.text.strip() and LONGEST_S >= one.end - one.start > 0]
    total_s = sum(one.end - one.start + PAUSE_S for one in spoken)
    return spoken[:: max(-(-int(total_s) // int(MOST_S)), 1)]


def _model(engine: Mapping[str, Any]) -> tuple[Any, Any]:
    return engine.get("name"), (engine.get("details") or {}).get("model")


def _model_of(info: EngineInfo) -> tuple[Any, Any]:
    return info.name, info.details.get("model")


def _named(engine: Mapping[str, Any]) -> str:
    """Return what the transcript came from: the file of a user's subtitle, or an engine with its model."""
    name, model = _model(engine)
    return str(engine.get("file") or " ".join(str(one) for one in (name, model) if one))
