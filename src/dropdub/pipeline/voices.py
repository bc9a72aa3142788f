"""Whose voice a dub has: the job's named voice, the speaker's own, or the engine's default, said aloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.engines.base import Synthesizer, Voice
from dropdub.errors import VoiceMissing
from dropdub.files import sha256, written_whole
from dropdub.media import wav
from dropdub.media.wav import WavWriter
from dropdub.pipeline.artefacts import AUDIO, Segment
from dropdub.pipeline.stages.base import Task

OWN_VOICE = "voice.wav"
_REFERENCE_S = 20.0


@dataclass(frozen=True)
class Casting:
    """The voice, what tells it from others in the cache, and the sentence to be said about it, if any."""

    voice: Voice | None
    identity: str
    warnings: tuple[str, ...] = ()


def cast_voice(task: Task, engine: Synthesizer, lines: list[Segment]) -> Casting:
    """Choose the voice. Raises VoiceMissing where the job names one whose recording cannot be used."""
    if task.options.voice is not None:
        return _named(task.options.voice, task.voices, engine)
    if task.kind == "text" or not lines:
        return Casting(None, "default")
    if not engine.clones:
        return Casting(None, "default", (f"{engine.name} cannot clone a voice: the dub has its default voice.",))
    reference = _own(task, lines)
    return Casting(Voice("speaker", reference), sha256(reference))


def _named(name: str, voices: Path, engine: Synthesizer) -> Casting:
    reference = voices / f"{name}.wav"
    if reference.parent != voices or name.startswith("."):
        raise VoiceMissing(f"{name!r} is not the name of a voice.")
    if not reference.is_file():
        return Casting(Voice(name), f"engine:{name}")  # the engine knows it, or says that it does not
    if engine.clones:
        return Casting(Voice(name, reference), sha256(reference))
    sentence = f"{engine.name} cannot clone the voice '{name}': the dub has its default voice."
    return Casting(Voice(name, reference), "default", (sentence,))


def _own(task: Task, lines: list[Segment]) -> Path:
    """Cut a reference from the recording: its longest lines, up to 20 s of them."""
    target = task.job_dir / OWN_VOICE
    with written_whole(target, scratch=task.prepared_scratch()) as part, WavWriter(part, 16_000) as writer:
        for line in sorted(lines, key=lambda line: line.start - line.end):
            if writer.duration_s < _REFERENCE_S:
                writer.write(wav.read_range(task.job_dir / AUDIO, line.start, line.end))
    return target
