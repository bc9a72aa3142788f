"""Where speech starts and ends in a synthesized line: synthesizers add silence around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span

_FRAMES_A_SECOND = 100
_BLOCK_FRAMES = 1_000
_BELOW_LOUDEST = 0.01
"""Anything 40 dB below the loudest hundredth of a second counts as silence."""
_BEFORE_S, _AFTER_S = 0.03, 0.08
"""Margins kept before and after: breath, and the end of a consonant."""


def find_speech(path: Path) -> Span:
    """Return the span of a sound file that is not silent, in seconds; the whole file if all of it is silent.

    Raises NotMedia and OSError.
    """
    length_s, rate = wav.duration_s(path), wav.sample_rate(path)
    size = rate // _FRAMES_A_SECOND
    blocks = wav.blocks(path, _BLOCK_FRAMES * size / rate)
    levels = np.concatenate([np.zeros(0, np.float32), *(_levels(block, size) for block in blocks)])
    loud = np.flatnonzero(levels > _BELOW_LOUDEST * levels.max(initial=0.0))
    if not len(loud):
        return Span(0.0, length_s)
    start, end = float(loud[0]) * size / rate - _BEFORE_S, float(loud[-1] + 1) * size / rate + _AFTER_S
    return Span(max(start, 0.0), min(end, length_s))


def _levels(block: wav.Samples, size: int) -> wav.Samples:
    padded = np.pad(block, (0, -len(block) % size))
    levels: wav.Samples = np.sqrt(np.square(padded.reshape(-1, size)).mean(axis=1))
    return levels
