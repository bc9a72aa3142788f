"""Find an offset or a rumble that hides the voices of a recording from engines: what lies below 30 Hz. Pure."""

from __future__ import annotations

import numpy as np

from dropdub.media.sound.wav import Samples

_PERIOD = 320
"""Samples of 16 kHz sound that are averaged: 20 ms. The hum of the mains and voices leave nothing in the mean."""
_DEEP_SHARE, _OFFSET_SHARE = 0.1, 0.01
"""Of the power of the rest. No voice has an offset, but the deepest leave something in the means."""
_AUDIBLE_SHARE = 1e-3
"""Of the power of the loudest part of the recording: a small offset is stronger than silence, but hides no voice."""
_LEAST = 1e-9


class Depths:
    """Compares the power of what lies deep in the blocks of a recording with that of the rest."""

    def __init__(self) -> None:
        self._powers: list[tuple[float, float, float]] = []

    def add(self, block: Samples) -> None:
        """Take in the next block of 16 kHz sound."""
        periods = block[: len(block) // _PERIOD * _PERIOD].reshape(-1, _PERIOD)
        if len(periods):
            means = periods.mean(axis=1)
            deep, whole = float(np.square(means).mean()), float(np.vdot(periods, periods)) / periods.size
            self._powers.append((float(means.mean()) ** 2, deep, whole - deep))

    @property
    def have_rumble(self) -> bool:
        """Return whether a block has enough of it that engines hear it in place of a voice."""
        loudest = max((rest for _, _, rest in self._powers), default=0.0)
        least = max(loudest * _AUDIBLE_SHARE, _LEAST)
        return any(
            offset > max(rest * _OFFSET_SHARE, least) or deep > max(rest * _DEEP_SHARE, least)
            for offset, deep, rest in self._powers
        )
