"""What all diarizers do with sound and vectors: a level that is heard, a least length, and vectors of length 1."""

from __future__ import annotations

import numpy as np

from dropdub.engines.base import Samples


def unit(vector: Samples) -> Samples:
    """Normalise a vector to length 1. A zero or invalid vector, from sound without a voice, becomes uniform."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        return np.full(len(vector), len(vector) ** -0.5, np.float32)
    return (vector / np.float32(length)).astype(np.float32, copy=False)


def padded(samples: Samples, least: int) -> Samples:
    """Return a window with silence behind it, up to the least length in samples."""
    return np.pad(samples, (0, max(least - len(samples), 0)))


def rms(samples: Samples) -> float:
    """Return the level of a sound, 0 to 1."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
