"""Whether what a synthesizer gave can be the text: not silent, not babble, not cut off. Pure."""

from __future__ import annotations

import numpy as np

from dropdub.engines.base import Samples

SLOWEST_S = 0.16
"""Seconds a character: half the pace of the slowest speakers. Longer speech has babble at its end."""
FASTEST_S = 0.022
PAUSES_S = 2.5
SILENT_DB = -50.0
_EDGE_DB = -45.0
_FRAME_S = 0.02
_KEPT_S = 0.06


def longest_s(text: str) -> float:
    """Return how long a text may take to say at most."""
    return len(text) * SLOWEST_S + PAUSES_S


def defect(samples: Samples, text: str, rate: int) -> str | None:
    """Return what is wrong with speech, as the end of a sentence; None where nothing is."""
    if not len(samples) or not np.isfinite(samples).all():
        return "came out as no sound"
    if _level_db(samples) < SILENT_DB:
        return "came out silent"
    seconds = len(samples) / rate
    if seconds >= longest_s(text):
        return "did not come to an end"
    if seconds < len(text) * FASTEST_S:
        return "came out cut short"
    return None


def tidy(samples: Samples, rate: int) -> Samples:
    """Return speech without the silence around it, and no louder than full scale."""
    sound = np.nan_to_num(np.asarray(samples, np.float32))
    peak = float(np.abs(sound).max(initial=0.0))
    sound = sound / np.float32(peak) if peak > 1.0 else sound
    frame = round(_FRAME_S * rate)
    whole = sound[: len(sound) // frame * frame].reshape(-1, frame)
    loud = np.flatnonzero(10 * np.log10((whole.astype(np.float64) ** 2).mean(axis=1) + 1e-12) > _EDGE_DB)
    if not len(loud):
        return sound
    kept = round(_KEPT_S * rate)
    return sound[max(int(loud[0]) * frame - kept, 0) : (int(loud[-1]) + 1) * frame + kept]


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10((samples.astype(np.float64) ** 2).mean() + 1e-12))
