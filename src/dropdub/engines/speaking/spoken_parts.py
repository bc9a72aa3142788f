"""Join the parts of a text that a synthesizer spoke one by one. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import Samples

PAUSE_S = 0.25
"""The pause between two parts."""
FRAME_S = 0.02
KEPT_S = 0.06
"""How much silence stays around speech."""
_EDGE_DB = -45.0


def joined(sounds: Iterable[Samples], rate: int) -> Samples:
    """Return parts with a pause between each two; an empty array for no parts."""
    pause = np.zeros(round(PAUSE_S * rate), np.float32)
    pieces = [piece for sound in sounds for piece in (sound, pause)][:-1]
    return np.concatenate(pieces) if pieces else pause[:0]


def tidy(samples: Samples, rate: int) -> Samples:
    """Return speech without the silence around it, limited to full scale."""
    sound = np.nan_to_num(np.asarray(samples, np.float32))
    peak = float(np.abs(sound).max(initial=0.0))
    sound = sound / np.float32(peak) if peak > 1.0 else sound
    loud = loud_frames(sound, rate)
    if not len(loud):
        return sound
    frame, kept = round(FRAME_S * rate), round(KEPT_S * rate)
    return sound[max(int(loud[0]) * frame - kept, 0) : (int(loud[-1]) + 1) * frame + kept]


def loud_frames(samples: Samples, rate: int) -> NDArray[np.intp]:
    """Return the indices of the frames that are not silent."""
    frame = round(FRAME_S * rate)
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    return np.flatnonzero(10 * np.log10((whole**2).mean(axis=1) + 1e-12) > _EDGE_DB)
