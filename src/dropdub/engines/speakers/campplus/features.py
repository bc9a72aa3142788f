"""The spectra that CAM++ was trained with: Kaldi's filter banks, as torchaudio computes them. Pure.

Frames of 25 ms every 10 ms, 80 mel bands from 20 Hz to 8 kHz, no dither; then, of each band, its mean is subtracted.
Source: `compute-fbank-feats` of Kaldi (feat/feature-window.cc and feat/mel-computations.cc).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import SPEECH_RATE_HZ, Samples

BANDS = 80
FRAME, STEP = 400, 160
"""Samples of a frame, and from one frame to the next."""
_FFT = 512
_LOWEST_HZ, _HIGHEST_HZ = 20.0, SPEECH_RATE_HZ / 2
_PRE_EMPHASIS = 0.97
_LEAST = float(np.finfo(np.float32).eps)
"""The least energy of a band: of digital silence there is no logarithm."""

Spectra = NDArray[np.float32]
"""Shape (frames, 80)."""


def spectra(samples: Samples) -> Spectra:
    """Return the spectra of a sound at 16 kHz of at least one frame, less the mean of each band."""
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), FRAME)[::STEP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    energies = np.abs(np.fft.rfft((frames - _PRE_EMPHASIS * before) * _window(), _FFT)) ** 2
    bands = np.log(np.maximum(energies @ _filters(), _LEAST))
    found: Spectra = (bands - bands.mean(axis=0)).astype(np.float32)
    return found


@cache
def _window() -> NDArray[np.float64]:
    """Return Povey's window: Hann's to the power of 0.85, so that it starts at zero but falls more steeply."""
    return np.asarray(np.hanning(FRAME) ** 0.85, np.float64)


@cache
def _filters() -> NDArray[np.float64]:
    """Return triangles of equal width in mel, shape (257, 80)."""
    bounds = np.linspace(_mel(np.array(_LOWEST_HZ)), _mel(np.array(_HIGHEST_HZ)), BANDS + 2)
    at = _mel(np.arange(_FFT // 2 + 1) * SPEECH_RATE_HZ / _FFT)[:, np.newaxis]
    left, middle, right = bounds[:-2], bounds[1:-1], bounds[2:]
    rising, falling = (at - left) / (middle - left), (right - at) / (right - middle)
    return np.asarray(np.maximum(np.minimum(rising, falling), 0.0), np.float64)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0), np.float64)
