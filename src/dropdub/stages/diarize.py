"""diarize: who speaks when. Uses channels if each carries one speaker, else voices if an engine is installed.

The first step needs no engine. If voices have to be compared, a second step writes speakers.json; it runs in the pool
of the torch engines. So does a third one, after `merge`, if a request brought the voices of known speakers along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from dropdub.engines import answers
from dropdub.engines.base import Diarizer, EngineInfo, Samples, Window
from dropdub.film.original_sound import original_sound
from dropdub.media.sound import wav
from dropdub.media.sound.levels import mean_power, write_power
from dropdub.pipeline.artifacts import (
    AUDIO,
    SPEAKERS,
    SPEECH,
    TRANSCRIPT,
    Segment,
    Transcript,
    Turn,
    known_speaker_name,
    load_spans,
    save_turns,
)
from dropdub.pipeline.cache import CacheKey, from_json, to_json
from dropdub.pipeline.task import Result, Task
from dropdub.speech.channels import Levels, by_channel, heard_spans
from dropdub.speech.chunks import load_merged
from dropdub.speech.diarization import Stretch, Vectors, smoothed, stretches, turns, voices
from dropdub.speech.known_voices import recognised
from dropdub.speech.likeness import longest
from dropdub.speech.references import reference_windows
from dropdub.stage_table import BY_NAMES, BY_VOICES
from dropdub.subtitles.user_files import given_segments

_ENOUGH_S = 30.0
"""More speech hardly changes a speaker's embedding."""
_NOT_COMPARED = "Known speakers are not recognised: no engine that compares voices is installed."


@dataclass(frozen=True)
class _SpeakersKey(CacheKey, use="speakers", method=1):
    """The speaker number of each stretch of a recording."""

    content_hash: str
    engine: EngineInfo
    stretches_sha256: str


def run(task: Task) -> Result:
    """Write speakers.json, empty for a single speaker; return the number of speakers and how they were found.

    `how` is "channels", the engine's name, or "one"; "voices" if the second step has to find them.
    """
    if task.params.get("by") == BY_NAMES:
        return _by_names(task)
    segments = _segments(task)
    if task.params.get("by") == BY_VOICES:
        return _by_voices(task, segments)
    if (found := _by_channels(task, segments)) is not None:
        return _finished(task, found, "channels")
    if not segments or not task.options.compares_voices:
        return _finished(task, [], "one")
    if task.engines.offers_diarizer(task.options.diarizer):
        return {"how": BY_VOICES}
    lacking = task.engines.lacking_diarizer(task.options.diarizer)
    return _finished(task, [], "one") | ({"warnings": [lacking]} if lacking else {})


def _segments(task: Task) -> tuple[Segment, ...]:
    """Return the segments of the transcript, without speakers."""
    if not task.facts.probe.brought_transcript:
        return load_merged(task.job_dir, task.facts).segments
    assert task.companion is not None
    return given_segments(task.companion, end_s=task.facts.extract.length_s)


def _finished(task: Task, found: Sequence[Turn], how: str) -> Result:
    save_turns(task.job_dir / SPEAKERS, found)
    return {"how": how, "speakers": len({turn.speaker for turn in found}) or 1}


def _by_channels(task: Task, segments: Sequence[Segment]) -> list[Turn] | None:
    """Return the turns according to the source's channels; None unless two channels separate the speakers."""
    audio = task.facts.probe.sound
    spans = heard_spans(segments)
    if audio.channels != 2 or not spans:
        return None
    power = task.prepared_scratch() / "power.wav"
    extracted = task.facts.extract
    write_power(
        original_sound(task.source, task.facts.probe, keeps_time=extracted.keeps_time),
        power,
        duration_s=extracted.length_s,
        deadline_s=task.deadline_s,
        progress=task.progress,
    )
    measured = zip(spans, mean_power(power, spans), strict=True)
    return by_channel([Levels(span, left, right) for span, (left, right) in measured])


def _by_voices(task: Task, segments: Sequence[Segment]) -> Result:
    engine = task.engines.diarizer(task.options.diarizer)
    if engine is None:  # it was uninstalled after the step was planned
        return _finished(task, [], "one")
    pieces = stretches(segments, load_spans(task.job_dir / SPEECH))
    info = engine.info()
    labels, cached = _labels(task, engine, info, pieces)
    return {**_finished(task, turns(pieces, labels), engine.name), "engine": asdict(info), "cached": cached}


def _labels(task: Task, engine: Diarizer, info: EngineInfo, pieces: Sequence[Stretch]) -> tuple[list[int], bool]:
    """Return the speaker number of each stretch, and whether it came from the cache."""
    key = _SpeakersKey(task.facts.extract.content_hash, info, _hash(pieces))
    kept = task.cache.get(key, check=lambda value: _checked(value, len(pieces)))
    if kept is not None:
        return kept, True
    found = voices(_vectors(task, engine, pieces), pieces, answers.thresholds(engine))
    labels = smoothed(pieces, [int(label) for label in found])
    task.cache.put(key, to_json(labels))
    return labels, False


def _by_names(task: Task) -> Result:
    """Return `names`: who of the transcript's speakers is known, as `Recognised`."""
    engine = task.engines.diarizer(task.options.diarizer)
    if engine is None:
        return {"names": [], "warnings": [_NOT_COMPARED]}
    heard = {who: _voice(engine, task.job_dir / AUDIO, pieces) for who, pieces in _spoken(task).items() if pieces}
    task.progress(0.7)
    files = {name: task.job_dir / known_speaker_name(number) for number, name in enumerate(task.params["speakers"])}
    known = {name: _voice(engine, file, reference_windows(file)) for name, file in files.items()}
    names = [asdict(one) for one in recognised(heard, known, answers.thresholds(engine))]
    return {"names": names, "engine": asdict(engine.info())}


def _spoken(task: Task) -> dict[str | None, list[Stretch]]:
    """Return windows of the longest segments of each speaker of the transcript."""
    segments, speech = Transcript.load(task.job_dir / TRANSCRIPT).segments, load_spans(task.job_dir / SPEECH)
    said = {who: [one for one in segments if one.speaker == who] for who in {one.speaker for one in segments}}
    chosen = {who: sorted(longest(own, enough_s=_ENOUGH_S), key=lambda one: one.start) for who, own in said.items()}
    return {who: stretches(own, speech) for who, own in chosen.items()}


def _voice(engine: Diarizer, audio: Path, pieces: Sequence[Stretch]) -> list[Samples]:
    return list(answers.embedded(engine, _windows(audio, pieces)))


def _vectors(task: Task, engine: Diarizer, pieces: Sequence[Stretch]) -> Vectors:
    vectors = []
    for done, vector in enumerate(answers.embedded(engine, _windows(task.job_dir / AUDIO, pieces)), start=1):
        vectors.append(vector)
        task.progress(0.95 * done / len(pieces))
    return np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)


def _windows(audio: Path, pieces: Sequence[Stretch]) -> Iterator[Window]:
    spans = [stretch.window for stretch in pieces]
    for span, samples in zip(spans, wav.frames(audio, spans), strict=True):
        yield Window(span.start, samples[:, 0])


def _hash(pieces: Sequence[Stretch]) -> str:
    return hashlib.sha256(json.dumps([astuple(stretch) for stretch in pieces]).encode()).hexdigest()


def _checked(value: bytes, count: int) -> list[int]:
    labels = from_json(value)
    if not isinstance(labels, list) or len(labels) != count or not all(type(label) is int for label in labels):
        raise ValueError("not one speaker number for each stretch")
    return labels
