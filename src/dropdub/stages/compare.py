"""compare: speaker similarity between each original voice and its clone in the dub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from dropdub.dubbing.measured_lines import line_files
from dropdub.engines.base import SPEECH_RATE_HZ, Diarizer, Window
from dropdub.errors import EngineMissing, EngineNotInstalled
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, Segment, Transcript, translation_name
from dropdub.pipeline.facts import VoiceLikeness
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.speech.likeness import likeness, longest

_ENOUGH_S = 60.0
"""More speech does not change a speaker's embedding."""


def run(task: Task) -> Result:
    """Return `voices`: for each cloned speaker, the cosine similarity of the embeddings of both voices.

    Without a diarization engine, the list is empty: a missing measurement must not fail the dub.
    """
    try:
        engine = task.engines.diarizer(task.options.diarizer)
    except (EngineMissing, EngineNotInstalled):
        engine = None
    if engine is None:
        return {"voices": []}
    lines = Transcript.load(task.job_dir / translation_name(target_of(task))).segments
    voices = [asdict(one) for one in _compared(task, engine, lines)]
    return {"voices": voices, "engine": asdict(engine.info())}


def _compared(task: Task, engine: Diarizer, lines: Sequence[Segment]) -> Iterator[VoiceLikeness]:
    speakers = task.facts.synthesis(target_of(task)).cloned
    files = line_files(task.job_dir, task.facts, target_of(task))
    for done, speaker in enumerate(speakers, start=1):
        spoken = longest([line for line in lines if line.speaker == speaker and line.id in files], enough_s=_ENOUGH_S)
        if spoken:
            original = engine.embed(_original(task.job_dir / AUDIO, line) for line in spoken)
            dub = engine.embed(_dubbed(files[line.id]) for line in spoken)
            yield VoiceLikeness(speaker, round(likeness(list(original), list(dub)), 3))
        task.progress(done / len(speakers))


def _original(audio: Path, line: Segment) -> Window:
    return Window(line.start, wav.read_range(audio, line.start, line.end))


def _dubbed(path: Path) -> Window:
    return Window(0.0, wav.resample(wav.read_range(path), wav.sample_rate(path), SPEECH_RATE_HZ))
