"""How loud sound is in the band of voices, in short frames: offset, rumble and hum of the mains lie below it. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPEECH_RATE_HZ = 16_000
FRAME_S = 0.03
FRAME = round(FRAME_S * SPEECH_RATE_HZ)
_FFT = 512
_LOWEST_HZ, _HIGHEST_HZ = 300, 3_400
"""The band of telephones, in which speech is understood."""
_BAND = slice(_LOWEST_HZ * _FFT // SPEECH_RATE_HZ + 1, _HIGHEST_HZ * _FFT // SPEECH_RATE_HZ + 1)
BANDS = 8
_PARTS = np.geomspace(_BAND.start, _BAND.stop, BANDS + 1).round().astype(np.int64)[:-1] - _BAND.start
_RUMBLE_HZ, _KEPT_HZ = 70, 110
_WINDOW = np.blackman(FRAME).astype(np.float32)
"""Lets 58 dB less through from outside the band than from within; a plain cut of the frame lets through 13 dB less."""
_FULL = 2.0 / (_FFT * float((_WINDOW**2).mean()) * FRAME)
"""Brings the sum of the squared spectrum of one half to the mean of the squared sound."""

Spectra = NDArray[np.complex64]
"""The voice band of each frame, shape (..., frames, bins). Those of sounds that are mixed can be mixed likewise."""


def frames_of(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sound, shape (..., samples), in frames of shape (..., frames, FRAME), the last filled with silence."""
    missing = -samples.shape[-1] % FRAME
    whole = np.pad(samples, ((0, 0),) * (samples.ndim - 1) + ((0, missing),)) if missing else samples
    return whole.reshape(*samples.shape[:-1], -1, FRAME)


def spectra_of(frames: NDArray[np.float32]) -> Spectra:
    """Return the spectra of frames of 16 kHz sound, shape (..., FRAME)."""
    spectra: Spectra = np.fft.rfft(np.multiply(frames, _WINDOW, order="C"), _FFT)[..., _BAND].astype(
        np.complex64, order="C"
    )
    return spectra


def mixed_levels_db(weights: NDArray[np.float32], spectra: Spectra) -> NDArray[np.float32]:
    """Return the level of each frame of each mix of channels in dB of full scale; -100 for silence.

    `weights` has the shape (mixes, channels), `spectra` (channels, frames, bins), the result (mixes, frames).
    """
    # Real and imaginary parts are mixed alike. `einsum`, because `@` wakes threads that wait busily for more.
    parts = np.einsum("mc,cfp->mfp", weights, spectra.view(np.float32))
    return decibels(np.einsum("mfp,mfp->mf", parts, parts) * np.float32(_FULL))


def band_powers(spectra: Spectra) -> NDArray[np.float32]:
    """Return the power of each frame in the voice band, then in `BANDS` parts of it: shape (frames, 1 + BANDS)."""
    powers = (np.square(spectra.real) + np.square(spectra.imag)) * np.float32(_FULL)
    parts = np.add.reduceat(powers, _PARTS, axis=-1)
    return np.concatenate([powers.sum(axis=-1, keepdims=True), parts], axis=-1)


def decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return power in dB of full scale; -100 for silence."""
    levels: NDArray[np.float32] = (10 * np.log10(power + 1e-10)).astype(np.float32)
    return levels


def without_rumble(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 16 kHz sound without what lies below the voices: nothing up to 70 Hz, everything from 110 Hz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SPEECH_RATE_HZ)
    gain = np.interp(hertz, (_RUMBLE_HZ, _KEPT_HZ), (0.0, 1.0))
    clean: NDArray[np.float32] = np.fft.irfft(spectrum * gain, len(samples)).astype(np.float32)
    return clean
