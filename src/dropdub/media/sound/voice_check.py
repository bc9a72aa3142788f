"""Check whether a recording is good enough to clone a voice from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dropdub.media.sound.wav import Samples

LEAST_S = 3.0
GOOD_S = 6.0
MOST_S = 30.0
TARGET_DB = -20.0
_FRAME_S = 0.03
_SPEECH_SHARE = 0.25
_FAINT_DB = -45.0
_CLIPPED_SHARE = 0.001
_FULL = 0.985
_LOUD_SHARE = 0.1
_NOISY_DB, _HOPELESS_DB = 20.0, 8.0


@dataclass(frozen=True)
class Check:
    """What is wrong with a recording, as sentences: `problems` make it unusable, `warnings` do not."""

    seconds: float
    level_db: float
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def check_voice(samples: Samples, rate: int, *, least_s: float = LEAST_S) -> Check:
    """Check the length, level, clipping and noise of a recording; less than `least_s` of it is a problem."""
    levels = _levels(samples, rate)
    problems, warnings = [], []
    seconds, level = len(samples) / rate, level_db(samples)
    if seconds < least_s:
        problems.append(
            f"It is too short: {seconds:.1f} s. "
            f"At least {least_s:.0f} s is needed; {GOOD_S:.0f} to {MOST_S:.0f} s is best."
        )
    elif seconds < GOOD_S:
        warnings.append(f"It is short: {seconds:.1f} s. {GOOD_S:.0f} to {MOST_S:.0f} s gives better results.")
    if not len(levels) or levels.max() < _FAINT_DB:
        problems.append("It is almost silent. Record it again, closer to the microphone.")
        return Check(seconds, level, tuple(problems), tuple(warnings))
    if float((np.abs(samples) >= _FULL).mean()) > _CLIPPED_SHARE:
        problems.append("It is clipped. Record it again at a lower level.")
    distance = _over_noise_db(levels)
    if distance < _HOPELESS_DB:
        problems.append("The speech hardly stands out from the noise. Record it again in a quiet place.")
    elif distance < _NOISY_DB:
        noise = f"There is noise only {distance:.0f} dB below the speech"
        warnings.append(f"{noise}: the cloned voice will contain some of it.")
    return Check(seconds, level, tuple(problems), tuple(warnings))


def level_db(samples: Samples) -> float:
    """Return the level in dB relative to full scale; -120 for silence and for no samples."""
    power = float((samples.astype(np.float64) ** 2).mean()) if len(samples) else 0.0
    return float(10 * np.log10(power + 1e-12))


def speech_over_noise_db(samples: Samples, rate: int) -> float:
    """Return the level of speech above the noise in its pauses, in dB; 0 for no samples."""
    levels = _levels(samples, rate)
    return _over_noise_db(levels) if len(levels) else 0.0


def levelled(samples: Samples) -> Samples:
    """Return speech normalised to the usual level, with peaks within full scale."""
    gain = 10 ** ((TARGET_DB - level_db(samples)) / 20)
    peak = float(np.abs(samples).max(initial=0.0)) * gain
    changed: Samples = (samples * np.float32(gain / max(peak / 0.97, 1.0))).astype(np.float32)
    return changed


def best_start_s(levels_db: Sequence[float]) -> int:
    """Return the second at which the 30 s with the most speech start, given the level of each second."""
    power = 10 ** (np.asarray(levels_db, np.float64) / 10)
    loud = (power > power.mean() * _LOUD_SHARE).astype(np.int64) if len(power) else np.zeros(0, np.int64)
    width = min(round(MOST_S), len(loud))
    return int(np.argmax(np.convolve(loud, np.ones(width, np.int64), mode="valid"))) if width else 0


def _levels(samples: Samples, rate: int) -> NDArray[np.float64]:
    frame = round(_FRAME_S * rate)
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    levels: NDArray[np.float64] = 10 * np.log10((whole**2).mean(axis=1) + 1e-12)
    return levels


def _over_noise_db(levels: NDArray[np.float64]) -> float:
    """Return how far the louder part of the frames lies above the quietest tenth, in dB."""
    speech = float(np.percentile(levels, 100 - 100 * _SPEECH_SHARE))
    noise = max(float(np.percentile(levels, 10)), -90.0)
    return speech - noise
