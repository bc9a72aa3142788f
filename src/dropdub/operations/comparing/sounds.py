"""How close a sound is to another one that it should be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from dropdub.media.sound import wav

_BLOCK_S = 30.0
_HIGHEST_DB = 99.0


def distortion_db(truth: Path, made: Path) -> float | None:
    """Return the ratio of a sound to its difference from another one, in dB (SDR); None if the sound is silent.

    Both are mono files at one rate. The shorter one decides how much is compared. The definition without a filter, as
    the Sound Demixing Challenge uses it (Mitsufuji and others 2022).
    """
    power = difference = 0.0
    for right, found in zip(wav.blocks(truth, _BLOCK_S), wav.blocks(made, _BLOCK_S), strict=False):
        length = min(len(right), len(found))
        expected, present = right[:length].astype(np.float64), found[:length].astype(np.float64)
        power += float((expected**2).sum())
        difference += float(((expected - present) ** 2).sum())
    if power == 0.0:
        return None
    return min(10 * math.log10(power / difference), _HIGHEST_DB) if difference else _HIGHEST_DB
