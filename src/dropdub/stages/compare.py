"""compare: speaker similarity between each original voice and its clone in the dub, and how good both sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from dropdub.dubbing.measured_lines import line_files
from dropdub.engines import answers
from dropdub.engines.base import SPEECH_RATE_HZ, Diarizer, Samples, SoundMeter, Window
from dropdub.errors import EngineMissing, Waiting
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, Segment, Transcript, translation_name
from dropdub.pipeline.facts import VoiceLikeness
from dropdub.pipeline.sound_quality import DubSound, SpeakerSound
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.speech.likeness import likeness, longest
from dropdub.speech.sound_quality import sound_quality

_ENOUGH_S = 60.0
"""More speech does not change a speaker's embedding. Of a longer line, such as a paragraph, no more is read."""
_RATED_WINDOWS = 4
"""How much of each speaker is rated, in the dub and in the original: half a minute, which takes 3 s on one core."""
_RATED_S = 36.0
"""The speech in those windows, if they do not overlap."""


def run(task: Task) -> Result:
    """Return `voices`: for each cloned speaker, the cosine similarity of the embeddings of both voices.

    Without a diarization engine, the list is empty: a missing measurement must not fail the dub. `sound`, a
    `DubSound`, is there only if something that rates sound is installed, and somebody speaks for long enough.
    """
    lines = Transcript.load(task.job_dir / translation_name(target_of(task))).segments
    return {**_voices(task, lines), **_sound(task, lines)}


def _voices(task: Task, lines: Sequence[Segment]) -> Result:
    engine = _diarizer(task) if task.facts.synthesis(target_of(task)).cloned else None
    if engine is None:
        return {"voices": []}
    voices = [asdict(one) for one in _compared(task, engine, lines)]
    return {"voices": voices, "engine": asdict(engine.info())}


def _diarizer(task: Task) -> Diarizer | None:
    """Return what compares voices; None also where a named engine or its model is missing. Waits for memory only."""
    try:
        return task.engines.diarizer(task.options.diarizer)
    except EngineMissing:
        return None
    except Waiting as error:
        if error.condition in ("engine", "model"):
            return None
        raise


def _compared(task: Task, engine: Diarizer, lines: Sequence[Segment]) -> Iterator[VoiceLikeness]:
    speakers = task.facts.synthesis(target_of(task)).cloned
    thresholds = answers.thresholds(engine)
    files = line_files(task.job_dir, task.facts, target_of(task))
    for done, speaker in enumerate(speakers, start=1):
        spoken = longest([line for line in lines if line.speaker == speaker and line.id in files], enough_s=_ENOUGH_S)
        if spoken:
            original = answers.embedded(engine, (_original(task.job_dir / AUDIO, line) for line in spoken))
            dub = answers.embedded(engine, (_dubbed(files[line.id]) for line in spoken))
            found = round(likeness(list(original), list(dub)), 3)
            yield VoiceLikeness(speaker, found, thresholds.typical_same, thresholds.typical_other)
        task.progress(0.5 * done / len(speakers))


def _sound(task: Task, lines: Sequence[Segment]) -> Result:
    """Return how the speakers sound; a damaged model is a warning, because a measure must not fail the dub."""
    try:
        meter = task.engines.sound_meter()
    except EngineMissing as error:
        return {"warnings": [f"How good the {target_of(task)} dub sounds was not estimated. {error.message}"]}
    speakers = list(_rated(task, meter, lines)) if meter else []
    return {"sound": asdict(DubSound.of(meter.name, speakers))} if meter and speakers else {}


def _rated(task: Task, meter: SoundMeter, lines: Sequence[Segment]) -> Iterator[SpeakerSound]:
    """Yield how each speaker sounds in their longest lines, and in the same lines of the original, if it has sound."""
    files = line_files(task.job_dir, task.facts, target_of(task))
    speakers = list(dict.fromkeys(line.speaker for line in lines))
    for done, speaker in enumerate(speakers, start=1):
        own = [line for line in lines if line.speaker == speaker and line.id in files]
        timed = own if task.kind != "text" else [_timed(line, files) for line in own]
        spoken = sorted(longest(timed, enough_s=_RATED_S), key=lambda line: line.id)
        dub = sound_quality(meter, _joined(_dubbed(files[line.id]) for line in spoken), most=_RATED_WINDOWS)
        if dub is not None:
            original = None
            if task.kind == "media":
                heard = _joined(_original(task.job_dir / AUDIO, line) for line in spoken)
                original = sound_quality(meter, heard, most=_RATED_WINDOWS)
            yield SpeakerSound(speaker, dub, original)
        task.progress(0.5 + 0.5 * done / len(speakers))


def _timed(line: Segment, files: Mapping[int, Path]) -> Segment:
    """Return a paragraph of a text, which has no times, as long as it was spoken."""
    return replace(line, start=0.0, end=wav.duration_s(files[line.id]))


def _joined(windows: Iterator[Window]) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *(window.samples for window in windows)])


def _original(audio: Path, line: Segment) -> Window:
    return Window(line.start, wav.read_range(audio, line.start, min(line.end, line.start + _ENOUGH_S)))


def _dubbed(path: Path) -> Window:
    return Window(0.0, wav.resample(wav.read_range(path, 0.0, _ENOUGH_S), wav.sample_rate(path), SPEECH_RATE_HZ))
