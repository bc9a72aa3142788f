"""Where a long recording has the most speech, and how far speech stands out from its noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.media.sound.voice_check import MOST_S, best_start_s, level_db, levelled, speech_over_noise_db

RATE = 16_000
SILENCE, SPEECH = -90.0, -20.0


@pytest.mark.parametrize(
    ("levels", "start"),
    [
        ([], 0),
        ([SPEECH] * 10, 0),
        ([SILENCE] * 100, 0),
        ([SILENCE] * 40 + [SPEECH] * 33, 40),
        ([SPEECH] * 9 + [SILENCE] * 60 + [SPEECH] * 30, 69),
    ],
)
def test_the_half_minute_with_most_speech_is_found(levels: list[float], start: int) -> None:
    assert best_start_s(levels) == start


@given(st.lists(st.floats(-120, 0), max_size=200))
def test_the_half_minute_is_within_the_recording(levels: list[float]) -> None:
    assert 0 <= best_start_s(levels) <= max(len(levels) - MOST_S, 0)


def test_noise_is_measured_in_the_pauses() -> None:
    random = np.random.default_rng(0)
    speech = random.normal(0, 0.1, RATE) * (np.arange(RATE) % 4000 > 1500)
    for noise, expected in ((0.01, 20), (0.1, 3)):
        noisy = (speech + random.normal(0, noise, RATE)).astype(np.float32)
        assert speech_over_noise_db(noisy, RATE) == pytest.approx(expected, abs=2)
    assert speech_over_noise_db(np.zeros(0, np.float32), RATE) == 0


@given(st.floats(1e-4, 1.0))
def test_levelled_sound_is_within_full_scale(peak: float) -> None:
    samples = (np.sin(np.arange(RATE) / 10) * peak).astype(np.float32)
    assert level_db(levelled(samples)) == pytest.approx(-20, abs=0.1)
    assert np.abs(levelled(np.append(samples, np.float32(1.0)))).max() <= 0.98
