"""dictate: transcribes the end of a recording that still grows, as far as it is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dropdub.engines import answers
from dropdub.engines.abilities import NoticesLanguages, ReportsSuspects, TakesHints
from dropdub.engines.base import Transcriber, Utterance, Window
from dropdub.languages import UNDETERMINED
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span, clipped
from dropdub.pipeline.task import Result, Task
from dropdub.speech.settling import settled_until
from dropdub.speech.vad import quietest_in, speech_spans


def run(task: Task) -> Result:
    """Return what is said between `start` and `end` of the source, in seconds (`params`), with times of the source.

    `segments` are those that do not change any more: what is said up to `until`, from where the next window has to
    start. `tentative` is the text of the rest. `language` (`params`) is a tag, or None: then it is detected, and is
    `und` in the result if nobody speaks. `is_last` (`params`): nothing follows, so everything is settled. Nothing is
    kept. Raises the errors of the engine, NotMedia and OSError.
    """
    start, end = float(task.params["start"]), float(task.params["end"])
    sound = task.prepared_scratch() / "window.wav"
    wav.write_short(sound, wav.read_range(task.source, start, end), wav.sample_rate(task.source))
    length_s, speech = wav.duration_s(sound), speech_spans(sound)
    until = length_s if task.params.get("is_last") else settled_until(speech, length_s, quietest=quietest_in(sound))
    engine = _engine(task)
    language = _language(task, engine, sound, speech)
    parts = [clipped(speech, part) for part in (Span(0.0, until), Span(until, length_s))]
    settled, rest = _said(engine, sound, parts, language)
    return {
        "start": start,
        "end": end,
        "until": round(start + until, 3),
        "segments": [_segment(one, start, end) for one in settled],
        "tentative": _text(rest),
        "language": language,
        "engine": asdict(engine.info()),
        "warnings": [],
    }


def _engine(task: Task) -> Transcriber:
    """Return the transcriber, with the job's hints, and without what it has reported of earlier work."""
    options = task.options
    engine = task.engines.transcriber(options.transcriber, language=task.params.get("language"))
    if isinstance(engine, TakesHints):
        engine.hint_at(prompt=options.initial_prompt, hotwords=tuple(options.hotwords))
    if isinstance(engine, ReportsSuspects):
        engine.suspects()
    if isinstance(engine, NoticesLanguages):
        engine.other_languages()
    return engine


def _language(task: Task, engine: Transcriber, sound: Path, speech: Sequence[Span]) -> str:
    stated = task.params.get("language")
    if stated:
        return str(stated)
    return answers.language_heard(engine, [_window(sound, speech)]) if speech else UNDETERMINED


def _said(
    engine: Transcriber, sound: Path, parts: Sequence[Sequence[Span]], language: str
) -> list[tuple[Utterance, ...]]:
    """Return what is said in each part, given as the speech in it; nothing if there is no voice in any."""
    if language == UNDETERMINED:
        return [() for _part in parts]
    found = answers.heard(engine, [_window(sound, part) for part in parts if part], language=language)
    return [next(found, ()) if part else () for part in parts]


def _window(sound: Path, speech: Sequence[Span]) -> Window:
    """Return the window from the beginning to the end of some speech."""
    first, last = speech[0].start, speech[-1].end
    spoken = tuple((one.start - first, one.end - first) for one in speech)
    return Window(first, wav.read_range(sound, first, last), spoken)


def _segment(utterance: Utterance, start: float, end: float) -> dict[str, Any]:
    first, last = (min(max(start + moment, start), end) for moment in (utterance.start, utterance.end))
    return {"start": round(first, 3), "end": round(last, 3), "text": utterance.text.strip()}


def _text(said: Sequence[Utterance]) -> str:
    return " ".join(filter(None, (one.text.strip() for one in said)))
