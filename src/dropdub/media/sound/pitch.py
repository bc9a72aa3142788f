"""Measure how high a voice is. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FRAME_S, _STEP_S = 0.06, 0.03
"""Frames of more than three periods of the deepest voice, as autocorrelation needs."""
_LOWEST_HZ, _HIGHEST_HZ = 65.0, 400.0
_LEAST_PERIODICITY = 0.6
"""How alike a frame and itself one period later must be, of 1: less is noise, or a consonant."""
_LEAST_FRAMES = 20
_OCTAVE = 0.9
"""A shorter period counts if it is this share as good as the best: each multiple of a period is one, too."""


def pitch_hz(samples: NDArray[np.float32], rate: int) -> float | None:
    """Return the median pitch of the voiced parts of mono speech in Hz; None if there are hardly any.

    By the autocorrelation of short frames, divided by that of their window (Boersma 1993).
    """
    size, step = round(_FRAME_S * rate), round(_STEP_S * rate)
    window = np.hanning(size)
    longest, shortest = round(rate / _LOWEST_HZ), round(rate / _HIGHEST_HZ)
    of_window = _autocorrelation(window)[: longest + 1]
    of_window /= of_window[0]
    found = []
    for at in range(0, len(samples) - size + 1, step):
        frame = samples[at : at + size].astype(np.float64)
        alike = _autocorrelation((frame - frame.mean()) * window)[: longest + 1]
        if alike[0] <= 0:
            continue
        alike = alike / alike[0] / of_window
        best = alike[shortest:].max()
        if best >= _LEAST_PERIODICITY:
            peaks = np.flatnonzero((alike[1:-1] >= alike[:-2]) & (alike[1:-1] >= alike[2:])) + 1
            good = peaks[(peaks >= shortest) & (alike[peaks] >= _OCTAVE * best)]
            found += [rate / good[0]] if len(good) else []
    return float(np.median(found)) if len(found) >= _LEAST_FRAMES else None


def _autocorrelation(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(frame, 2 * len(frame))
    return np.fft.irfft(spectrum * spectrum.conj())[: len(frame)]
