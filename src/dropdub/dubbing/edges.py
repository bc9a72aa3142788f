"""Where speech starts and ends in a synthesized line: synthesizers add silence around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span

LEVEL_S = 0.01
_BLOCK_FRAMES = 1_000
BELOW_LOUDEST = 0.01
"""Anything 40 dB below the loudest hundredth of a second counts as silence."""
_BEFORE_S, _AFTER_S = 0.03, 0.08
"""Margins kept before and after: breath, and the end of a consonant."""


@dataclass(frozen=True)
class Sounding:
    """The span of a sound file that holds speech, in seconds of the file.

    `begins` is when the sound itself begins: the span starts a little earlier. None if all is silent.
    """

    span: Span
    begins: float | None


def find_speech(path: Path, within: Span | None = None) -> Sounding:
    """Return the part of a sound file, or of a span of it, that is not silent; all of it if it is silent throughout.

    Raises NotMedia and OSError.
    """
    whole = within or Span(0.0, wav.duration_s(path))
    moments = levels(path, whole)
    loud = np.flatnonzero(moments > BELOW_LOUDEST * moments.max(initial=0.0))
    if not len(loud):
        return Sounding(whole, None)
    begins, ends = whole.start + float(loud[0]) * LEVEL_S, whole.start + float(loud[-1] + 1) * LEVEL_S
    return Sounding(Span(max(begins - _BEFORE_S, whole.start), min(ends + _AFTER_S, whole.end)), begins)


def levels(path: Path, span: Span) -> wav.Samples:
    """Return the level of each hundredth of a second of a span, from 0 to 1. Raises NotMedia and OSError."""
    size = round(wav.sample_rate(path) * LEVEL_S)
    blocks = wav.blocks(path, _BLOCK_FRAMES * size / wav.sample_rate(path), start_s=span.start, end_s=span.end)
    return np.concatenate([np.zeros(0, np.float32), *(_levels(block, size) for block in blocks)])


def _levels(block: wav.Samples, size: int) -> wav.Samples:
    padded = np.pad(block, (0, -len(block) % size))
    levels: wav.Samples = np.sqrt(np.square(padded.reshape(-1, size)).mean(axis=1))
    return levels
