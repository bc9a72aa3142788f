"""Check whether synthesized speech can be the text: not silent, without babble, not cut off. Pure."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import Samples

SLOWEST_S = 0.16
"""Seconds per letter, half the pace of the slowest speakers. Longer speech has babble at its end."""
FASTEST_S = 0.022
PAUSES_S = 2.5
LONGEST_S = 27.0
"""No text that is spoken in one piece takes longer."""
SILENT_DB = -50.0
_WORDS_OF_ITS_OWN = 6
_SYLLABLE = 2
_EDGE_DB = -45.0
_FRAME_S = 0.02
_KEPT_S = 0.06
_USUAL_S = 0.06
_TAIL_PAUSE_S, _TAIL_S = 0.7, 0.5


def letters(text: str) -> int:
    """Return roughly how many letters a text has when spelled out: `5` is a word, `中` a syllable."""
    return sum(_letters(one) for one in text)


def longest_s(text: str, *, pace: float = 1.0) -> float:
    """Return the longest time that saying a text may take, at `pace` times the usual pace."""
    return min(letters(text) * SLOWEST_S + PAUSES_S, LONGEST_S) / pace


def defect(samples: Samples, text: str, rate: int, *, pace: float = 1.0) -> str | None:
    """Return what is wrong with speech, as the end of a sentence; None if nothing is."""
    if not len(samples) or not np.isfinite(samples).all():
        return "produced no sound"
    if _level_db(samples) < SILENT_DB:
        return "came out silent"
    seconds = len(samples) / rate
    if seconds >= longest_s(text, pace=pace):
        return "did not end"
    if seconds < len(text) * FASTEST_S / pace:
        return "came out cut short"
    return None


def tidy(samples: Samples, rate: int) -> Samples:
    """Return speech without the silence around it, limited to full scale."""
    sound = np.nan_to_num(np.asarray(samples, np.float32))
    peak = float(np.abs(sound).max(initial=0.0))
    sound = sound / np.float32(peak) if peak > 1.0 else sound
    loud = _loud(sound, rate)
    if not len(loud):
        return sound
    frame, kept = round(_FRAME_S * rate), round(_KEPT_S * rate)
    return sound[max(int(loud[0]) * frame - kept, 0) : (int(loud[-1]) + 1) * frame + kept]


def without_tail(samples: Samples, text: str, rate: int, *, pace: float = 1.0) -> Samples:
    """Remove a short noise after a long pause at the end, if the whole text can have been said before it."""
    loud = _loud(samples, rate)
    pauses = np.flatnonzero(np.diff(loud) * _FRAME_S > _TAIL_PAUSE_S)
    if not len(pauses):
        return samples
    said, resumed = int(loud[pauses[-1]]) + 1, int(loud[pauses[-1] + 1])
    tail_s, said_s = (int(loud[-1]) + 1 - resumed) * _FRAME_S, said * _FRAME_S
    if tail_s > _TAIL_S or said_s < letters(text) * _USUAL_S / pace:
        return samples
    return samples[: round((said_s + _KEPT_S) * rate)]


def _letters(one: str) -> int:
    kind = unicodedata.category(one)
    if kind in ("Nd", "No", "Sc", "Sm") or one in "%&@#":
        return _WORDS_OF_ITS_OWN
    return _SYLLABLE if unicodedata.east_asian_width(one) == "W" else 1


def _loud(samples: Samples, rate: int) -> NDArray[np.intp]:
    """Return the indices of the frames that are not silent."""
    frame = round(_FRAME_S * rate)
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    return np.flatnonzero(10 * np.log10((whole**2).mean(axis=1) + 1e-12) > _EDGE_DB)


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10((samples.astype(np.float64) ** 2).mean() + 1e-12))
