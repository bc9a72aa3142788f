"""Speech for the benchmarks: the shipped sample, repeated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE = Path(__file__).parents[1] / "src" / "dropdub" / "samples" / "jfk.flac"
RATE_HZ = 16_000
BLOCK_S = 60


def voice() -> Samples:
    """Return the sample's eleven seconds at 16 kHz."""
    return read(SAMPLE)


def read(path: Path) -> Samples:
    """Return a recording's samples at 16 kHz, one channel."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE_HZ), dtype=np.float32)


def speech(seconds: float) -> Samples:
    """Return speech without a pause, of exactly this length."""
    wanted, spoken = round(seconds * RATE_HZ), voice()
    return np.tile(spoken, -(-wanted // len(spoken)))[:wanted]


def write(path: Path, minutes: int, utterances: int) -> None:
    """Write a recording that contains the sample `utterances` times, evenly spread, with faint noise between."""
    said = voice()
    moments = {round(n * minutes / utterances, 2) for n in range(utterances)}
    noise = np.random.default_rng(1)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
        for minute in range(minutes):
            block = noise.normal(0, 0.0005, BLOCK_S * RATE_HZ).astype(np.float32)
            for at in sorted(moment for moment in moments if minute <= moment < minute + 1):
                first = round((at - minute) * 48 * RATE_HZ)
                block[first : first + len(said)] += said
            file.write(block)
