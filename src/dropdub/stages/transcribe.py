"""transcribe: the transcript of one chunk, window by window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dropdub.dubbing.possible import Source, refuse_impossible_after_detection
from dropdub.engines import answers
from dropdub.engines.abilities import NoticesLanguages, ReportsSuspects, TakesHints
from dropdub.engines.base import EngineInfo, Transcriber, Utterance, Window
from dropdub.engines.hearing.meanwhile import letting_in
from dropdub.languages import UNDETERMINED
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import (
    AUDIO,
    SPEECH,
    OtherLanguage,
    Segment,
    Suspect,
    TimedWord,
    Transcript,
    chunk_name,
    load_spans,
)
from dropdub.pipeline.cache import CacheKey
from dropdub.pipeline.task import Result, Task
from dropdub.speech.language import spoken_language
from dropdub.speech.vad import Span, clipped, quietest_in, widened, windows

LONGEST_WINDOW_S = 30.0
_ROOM_S = 0.1
"""Heard around the detected speech, in addition to its padding. Measured: with much more, pauses stay in, and words are
lost after them.
"""
_HASH_BLOCK_S = 60.0


@dataclass(frozen=True)
class _Hints:
    """The hints given to an engine that takes them."""

    prompt: str | None
    hotwords: tuple[str, ...]


@dataclass(frozen=True)
class _TranscriptKey(CacheKey, use="transcript", method=3):
    """The transcript of one chunk."""

    sound_sha256: str
    speech: tuple[tuple[float, float], ...]
    engine: EngineInfo
    language: str
    longest_window_s: float
    hints: _Hints | None


@dataclass(frozen=True)
class _WindowKey(CacheKey, use="window", method=1):
    """The transcript of one window; `chunk` is the file name of the key of its chunk."""

    chunk: str
    start: float
    end: float


@dataclass(frozen=True)
class _Chunk:
    audio: Path
    start: float
    end: float


def run(task: Task) -> Result:
    """Write chunks/NNNN.json with times in seconds of the recording; it is empty if nobody speaks.

    Windows that an interrupted attempt has heard are taken from the cache.
    """
    wanted = None if task.options.language == "auto" else task.options.language
    engine = task.engines.transcriber(task.options.transcriber, language=wanted)
    chunk = _Chunk(task.job_dir / AUDIO, float(task.params["start"]), float(task.params["end"]))
    language = wanted or _spoken_language(task, engine)
    _refuse_impossible(task, language)  # now, rather than after hours of transcribing
    speech = [] if language == UNDETERMINED else _speech(task, chunk)  # no language means no voice
    spans = tuple((span.start, span.end) for span in speech)
    key = _TranscriptKey(
        _sound_hash(chunk), spans, engine.info(), language, LONGEST_WINDOW_S, hints=_hinted(task, engine)
    )
    transcript = task.cache.get(key, check=lambda value: _checked(value, chunk))
    cached = transcript is not None
    if transcript is None:
        transcript = _transcribe(task, engine, chunk, speech, key)
        task.cache.put(key, transcript.to_json().encode())
    transcript.save(task.job_dir / chunk_name(int(task.params["ordinal"])))
    return {
        "segments": len(transcript.segments),
        "language": transcript.language,
        "engine": transcript.engine,
        "cached": cached,
        "warnings": _ignored_hints(task, engine),
    }


def _spoken_language(task: Task, engine: Transcriber) -> str:
    stated = task.facts.probe.language
    return spoken_language(engine, task.work, task.cache, longest_s=LONGEST_WINDOW_S, stated=stated)


def _refuse_impossible(task: Task, language: str) -> None:
    if language != UNDETERMINED:
        source = Source([language], is_heard=True, brought=task.facts.probe.brought_target)
        refuse_impossible_after_detection(task.options, source, task.engines, voices=task.voices)


def _hinted(task: Task, engine: Transcriber) -> _Hints | None:
    """Give the engine the job's hints, even if empty, and return them for the cache key; None if it takes no hints."""
    if not isinstance(engine, TakesHints):
        return None
    hints = _Hints(task.options.initial_prompt, tuple(task.options.hotwords))
    engine.hint_at(prompt=hints.prompt, hotwords=hints.hotwords)
    return hints


def _ignored_hints(task: Task, engine: Transcriber) -> list[str]:
    """Return a warning if the job has hints, and the engine takes none."""
    given = {"initial_prompt": task.options.initial_prompt, "hotwords": task.options.hotwords}
    named = " and ".join(name for name, value in given.items() if value)
    if not named or isinstance(engine, TakesHints):
        return []
    return [f"In {task.job_name}, {named} had no effect: the transcriber {engine.name} takes no hints."]


def _speech(task: Task, chunk: _Chunk) -> list[Span]:
    """Return the speech segments within the chunk."""
    return clipped(load_spans(task.job_dir / SPEECH), Span(chunk.start, chunk.end))


def _transcribe(
    task: Task, engine: Transcriber, chunk: _Chunk, speech: Sequence[Span], key: _TranscriptKey
) -> Transcript:
    roomy = widened(speech, _ROOM_S, start=chunk.start, end=chunk.end)
    spans = windows(roomy, longest_s=LONGEST_WINDOW_S, quietest=quietest_in(chunk.audio))
    heard = {span: found for span in spans if (found := _kept(task, key, span, chunk)) is not None}
    for discarded in (_suspects, _other_languages):  # those of earlier work
        discarded(engine, chunk)
    missing = [span for span in spans if span not in heard]
    with letting_in(task.run_asides, engine):
        for span, one in zip(missing, _heard(engine, chunk, missing, roomy, key.language), strict=True):
            heard[span] = one
            task.cache.put(_WindowKey(key.file_name(), span.start, span.end), one.to_json().encode())
            task.progress(len(heard) / len(spans))
    return _joined(engine, chunk, key.language, [heard[span] for span in spans])


def _kept(task: Task, key: _TranscriptKey, span: Span, chunk: _Chunk) -> Transcript | None:
    return task.cache.get(_WindowKey(key.file_name(), span.start, span.end), check=lambda value: _checked(value, chunk))


def _heard(
    engine: Transcriber, chunk: _Chunk, spans: Sequence[Span], speech: Sequence[Span], language: str
) -> Iterator[Transcript]:
    """Yield the transcript of each window, with what the engine has reported until then."""
    for utterances in answers.heard(engine, _windows(chunk, spans, speech), language=language) if spans else ():
        yield _transcript(engine, chunk, language, [_segment(one, chunk) for one in utterances if one.text.strip()])


def _joined(engine: Transcriber, chunk: _Chunk, language: str, heard: Sequence[Transcript]) -> Transcript:
    """Return the transcript of a chunk. An engine may hear windows ahead, and again in the next attempt."""
    rest = _transcript(engine, chunk, language, [])
    found = Transcript(
        language,
        rest.duration_s,
        tuple(segment for one in heard for segment in one.segments),
        rest.engine,
        suspects=tuple(dict.fromkeys(suspect for one in (*heard, rest) for suspect in one.suspects)),
        others=tuple(dict.fromkeys(other for one in (*heard, rest) for other in one.others)),
    )
    return found.renumbered()


def _transcript(engine: Transcriber, chunk: _Chunk, language: str, segments: Sequence[Segment]) -> Transcript:
    info, length_s = asdict(engine.info()), chunk.end - chunk.start
    suspects, others = _suspects(engine, chunk), _other_languages(engine, chunk)
    return Transcript(language, length_s, tuple(segments), info, suspects=suspects, others=others)


def _suspects(engine: Transcriber, chunk: _Chunk) -> tuple[Suspect, ...]:
    """Return the text that the engine may have invented since the last call, with times clamped to the chunk."""
    found = engine.suspects() if isinstance(engine, ReportsSuspects) else ()
    return tuple(Suspect(*_within(one.start, one.end, chunk), one.text, one.fate) for one in found)


def _other_languages(engine: Transcriber, chunk: _Chunk) -> tuple[OtherLanguage, ...]:
    """Return the speech in other languages since the last call, with times clamped to the chunk."""
    found = engine.other_languages() if isinstance(engine, NoticesLanguages) else ()
    return tuple(OtherLanguage(*_within(one.start, one.end, chunk), one.language) for one in found)


def _windows(chunk: _Chunk, spans: Sequence[Span], speech: Sequence[Span]) -> Iterator[Window]:
    for span in spans:
        spoken = tuple((one.start - span.start, one.end - span.start) for one in clipped(speech, span))
        yield Window(span.start, wav.read_range(chunk.audio, span.start, span.end), spoken)


def _segment(utterance: Utterance, chunk: _Chunk) -> Segment:
    """Return an utterance as a segment, times clamped to the chunk: engines round, and some overshoot their window."""
    words = tuple(
        TimedWord(*_within(word.start, word.end, chunk), word.text, round(word.probability, 4))
        for word in utterance.words
    )
    return Segment(0, *_within(utterance.start, utterance.end, chunk), utterance.text.strip(), words)


def _within(start: float, end: float, chunk: _Chunk) -> tuple[float, float]:
    first = min(max(start, chunk.start), chunk.end)
    return round(first, 3), round(min(max(end, first), chunk.end), 3)


def _sound_hash(chunk: _Chunk) -> str:
    digest = hashlib.sha256()
    for block in wav.blocks(chunk.audio, _HASH_BLOCK_S, start_s=chunk.start, end_s=chunk.end):
        digest.update(block.tobytes())
    return digest.hexdigest()


def _checked(value: bytes, chunk: _Chunk) -> Transcript:
    found = Transcript.from_json(value.decode())
    if any(not _fits(item, chunk) for segment in found.segments for item in (segment, *segment.words)):
        raise ValueError("its times are outside the chunk")
    return found


def _fits(item: Any, chunk: _Chunk) -> bool:
    return bool(chunk.start - 0.001 <= item.start <= item.end <= chunk.end + 0.001)
