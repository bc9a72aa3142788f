"""What a model says of the sound of a dub's speech, and of the original's: how clear, and how free from noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNCLEAR = 2.6
"""Below this overall, speech is too bad to copy the voice from, see `benchmarks/sound_quality.py`."""


@dataclass(frozen=True)
class SoundQuality:
    """Means over `windows` windows of speech, each on the scale of listeners: 1 (bad) to 5 (excellent).

    `speech`: how undistorted the voice is; `background`: how little noise is heard beside it; `overall`: both together.
    """

    speech: float
    background: float
    overall: float
    windows: int

    @staticmethod
    def mean(some: Sequence[SoundQuality]) -> SoundQuality:
        """Return the mean over the windows of all; there must be at least one."""
        count = sum(one.windows for one in some)
        return SoundQuality(
            round(sum(one.speech * one.windows for one in some) / count, 3),
            round(sum(one.background * one.windows for one in some) / count, 3),
            round(sum(one.overall * one.windows for one in some) / count, 3),
            count,
        )


@dataclass(frozen=True)
class SpeakerSound:
    """How a speaker sounds in the dub, and in the same lines of the original; None if there is no original sound."""

    speaker: str | None
    dub: SoundQuality
    original: SoundQuality | None


@dataclass(frozen=True)
class DubSound:
    """How a dub sounds, by the `model` that estimated it: all speakers together, and each of them."""

    model: str
    dub: SoundQuality
    original: SoundQuality | None
    speakers: tuple[SpeakerSound, ...]

    @staticmethod
    def of(model: str, speakers: Sequence[SpeakerSound]) -> DubSound:
        """Return the sound of a dub with at least one speaker."""
        originals = [one.original for one in speakers if one.original is not None]
        original = SoundQuality.mean(originals) if originals else None
        return DubSound(model, SoundQuality.mean([one.dub for one in speakers]), original, tuple(speakers))

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> DubSound:
        """Return what `asdict` has written."""
        speakers = tuple(
            SpeakerSound(one["speaker"], SoundQuality(**one["dub"]), _optional(one["original"]))
            for one in data["speakers"]
        )
        return DubSound(data["model"], SoundQuality(**data["dub"]), _optional(data["original"]), speakers)


def _optional(data: Mapping[str, Any] | None) -> SoundQuality | None:
    return None if data is None else SoundQuality(**data)
