"""How high a voice is: found for voices, and not for noise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dropdub.media.sound.pitch import pitch_hz

RATE = 16_000


def voice(hertz: float, *, seconds: float = 3.0, harmonics: int = 12) -> NDArray[np.float32]:
    """Return a sound with harmonics that get weaker, and with a fundamental that is weaker than the second."""
    moments = np.arange(round(seconds * RATE)) / RATE
    parts = [np.sin(2 * np.pi * hertz * (n + 1) * moments) / max(n, 2) for n in range(harmonics)]
    return (0.1 * np.sum(parts, axis=0)).astype(np.float32)


@pytest.mark.parametrize("hertz", [80.0, 120.0, 210.0, 330.0])
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_pitch_is_that_of_the_voice(hertz: float, rate: int) -> None:
    samples = voice(hertz)[:: RATE // rate] if rate < RATE else np.repeat(voice(hertz), rate // RATE)
    assert pitch_hz(samples, rate) == pytest.approx(hertz, rel=0.05)


def test_noise_beside_a_voice_does_not_matter() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, 3 * RATE).astype(np.float32)
    assert pitch_hz(np.concatenate([voice(120.0) + noise, noise]), RATE) == pytest.approx(120, rel=0.05)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(3 * RATE, np.float32),
        np.random.default_rng(1).normal(0, 0.1, 3 * RATE).astype(np.float32),
        voice(120.0, seconds=0.3),
    ],
    ids=["nothing", "silence", "noise", "a moment"],
)
def test_what_has_hardly_any_voice_has_no_pitch(samples: NDArray[np.float32]) -> None:
    assert pitch_hz(samples, RATE) is None
