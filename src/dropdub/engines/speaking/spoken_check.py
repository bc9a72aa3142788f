"""Check whether synthesized speech can be the text: not silent, without babble, not cut off. Pure."""

from __future__ import annotations

import unicodedata

import numpy as np

from dropdub.engines.base import Samples
from dropdub.engines.speaking.spoken_parts import FRAME_S, KEPT_S, loud_frames

SLOWEST_S = 0.16
"""Seconds per letter, half the pace of the slowest speakers. Longer speech has babble at its end."""
FASTEST_S = 0.022
PAUSES_S = 2.5
LONGEST_S = 27.0
"""No text that is spoken in one piece takes longer."""
SILENT_DB = -50.0
_WORDS_OF_ITS_OWN = 6
_SYLLABLE = 2
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


def without_tail(samples: Samples, text: str, rate: int, *, pace: float = 1.0) -> Samples:
    """Remove a short noise after a long pause at the end, if the whole text can have been said before it."""
    loud = loud_frames(samples, rate)
    pauses = np.flatnonzero(np.diff(loud) * FRAME_S > _TAIL_PAUSE_S)
    if not len(pauses):
        return samples
    said, resumed = int(loud[pauses[-1]]) + 1, int(loud[pauses[-1] + 1])
    tail_s, said_s = (int(loud[-1]) + 1 - resumed) * FRAME_S, said * FRAME_S
    if tail_s > _TAIL_S or said_s < letters(text) * _USUAL_S / pace:
        return samples
    return samples[: round((said_s + KEPT_S) * rate)]


def _letters(one: str) -> int:
    kind = unicodedata.category(one)
    if kind in ("Nd", "No", "Sc", "Sm") or one in "%&@#":
        return _WORDS_OF_ITS_OWN
    return _SYLLABLE if unicodedata.east_asian_width(one) == "W" else 1


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10((samples.astype(np.float64) ** 2).mean() + 1e-12))
