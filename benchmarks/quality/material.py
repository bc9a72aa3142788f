"""The recordings that are transcribed: clips of speech, long recordings made of them, and sound without speech."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from recordings import RATE_HZ, Samples, read

from quality.sounds import SOUNDS, white_noise

FRAME_S = 0.01
BELOW_SPEECH_DB = 35.0
"""A frame this far below the loud frames of its clip (their 95th percentile) is silent."""
SHORTEST_SILENCE_S = 0.3
SILENCE_S = 300.0
PAUSE_S = (0.3, 2.0)
NOISE = 0.0005


@dataclass(frozen=True)
class Span:
    """A range of a recording, in seconds."""

    start: float
    end: float


@dataclass(frozen=True)
class Clip:
    """A short recording with its text, and where in it somebody speaks, by its energy."""

    name: str
    samples: Samples
    text: str
    speech: tuple[Span, ...]


@dataclass(frozen=True)
class Said:
    """A text, and when its first word begins and its last one ends."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Recording:
    """A file, what is said in it, and its silences of .3 s and more between two words."""

    path: Path
    duration_s: float
    said: tuple[Said, ...] = ()
    silences: tuple[Span, ...] = ()

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def text(self) -> str:
        return " ".join(one.text for one in self.said)


def clips_in(folder: Path) -> list[Clip]:
    """Return the clips that transcripts.tsv names: a name without suffix, a tab, the text; .flac or .wav files.

    Raises FileNotFoundError if a clip or the list is missing.
    """
    with (folder / "transcripts.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [_clip(folder, name, text) for name, text in rows]


def _clip(folder: Path, name: str, text: str) -> Clip:
    found = [path for suffix in (".flac", ".wav") if (path := folder / f"{name}{suffix}").is_file()]
    if not found:
        raise FileNotFoundError(f"There is no {name}.flac or {name}.wav in {folder}.")
    samples = read(found[0])
    return Clip(name, samples, text, speech_by_energy(samples))


def speech_by_energy(samples: Samples) -> tuple[Span, ...]:
    """Return the stretches between silences of .3 s and more, found by energy: for clean recordings only."""
    frame = round(FRAME_S * RATE_HZ)
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    levels = 10 * np.log10((whole**2).mean(axis=1) + 1e-12)
    loud = np.flatnonzero(levels > np.percentile(levels, 95) - BELOW_SPEECH_DB)
    runs = np.split(loud, np.flatnonzero(np.diff(loud) * FRAME_S > SHORTEST_SILENCE_S) + 1)
    return tuple(Span(int(run[0]) * FRAME_S, (int(run[-1]) + 1) * FRAME_S) for run in runs)


def single(clips: Sequence[Clip], folder: Path) -> list[Recording]:
    """Write each clip as a recording of its own."""
    return [_joined([clip], [], folder / f"{clip.name}.wav", np.random.default_rng(0)) for clip in clips]


def long_form(clips: Sequence[Clip], path: Path, *, seed: int, least_s: float) -> Recording:
    """Write all clips in random order, as often as it takes for `least_s`, with pauses of .3 to 2 s of faint noise."""
    draw = random.Random(seed)
    order: list[Clip] = []
    while sum(len(clip.samples) / RATE_HZ + sum(PAUSE_S) / 2 for clip in order) < least_s:
        order += draw.sample(list(clips), len(clips))
    pauses = [draw.uniform(*PAUSE_S) for _ in range(len(order) - 1)]
    return _joined(order, pauses, path, np.random.default_rng(seed))


def with_gap(before: Clip, after: Clip | None, gap: Samples, path: Path) -> Recording:
    """Write a clip, then sound without speech, then another clip if there is one."""
    parts = [before.samples, gap, *([after.samples] if after else [])]
    said = [_said(before, 0.0)]
    if after:
        said.append(_said(after, (len(before.samples) + len(gap)) / RATE_HZ))
    return written(path, np.concatenate(parts), tuple(said))


def written(
    path: Path, sound: NDArray[np.floating[Any]], said: tuple[Said, ...] = (), silences: tuple[Span, ...] = ()
) -> Recording:
    """Write a sound of 16 kHz, between -1 and 1, as a recording."""
    soundfile.write(path, sound, RATE_HZ, subtype="PCM_16")
    return Recording(path, len(sound) / RATE_HZ, said, silences)


def _joined(clips: Sequence[Clip], pauses: Sequence[float], path: Path, noise: np.random.Generator) -> Recording:
    parts: list[Samples] = []
    said: list[Said] = []
    spoken: list[Span] = []
    at = 0
    for clip, pause in zip(clips, [*pauses, 0.0], strict=True):
        said.append(_said(clip, at / RATE_HZ))
        spoken += [Span(at / RATE_HZ + span.start, at / RATE_HZ + span.end) for span in clip.speech]
        parts += [clip.samples, np.zeros(round(pause * RATE_HZ), np.float32)]
        at += len(parts[-2]) + len(parts[-1])
    sound = np.concatenate(parts)
    if pauses:
        sound += noise.normal(0, NOISE, len(sound)).astype(np.float32)
    silences = (Span(one.end, other.start) for one, other in pairwise(spoken))
    known = tuple(span for span in silences if span.end - span.start >= SHORTEST_SILENCE_S)
    return written(path, sound, tuple(said), known)


def _said(clip: Clip, at_s: float) -> Said:
    return Said(clip.text, at_s + clip.speech[0].start, at_s + clip.speech[-1].end)


# Sound without speech


def without_speech(folder: Path, *, seconds: float) -> Iterator[Recording]:
    """Write five minutes of silence, and `seconds` of each kind of noise and music."""
    yield written(folder / "silence.wav", np.zeros(round(SILENCE_S * RATE_HZ)))
    for name, sound in SOUNDS.items():
        yield written(folder / f"{name}.wav", sound(round(seconds * RATE_HZ)))


def around_gaps(clips: Sequence[Clip], folder: Path) -> list[Recording]:
    """Write speech with 60 s of noise after it, and speech on both sides of 45 s of silence."""
    longest = sorted(clips, key=lambda clip: len(clip.samples))[-2:]
    noise = (white_noise(60 * RATE_HZ) / 10).astype(np.float32)
    return [
        with_gap(longest[0], None, noise, folder / "speech, then noise.wav"),
        with_gap(longest[0], longest[1], np.zeros(45 * RATE_HZ, np.float32), folder / "speech, silence, speech.wav"),
    ]
