"""What is wrong with speech is seen without hearing it."""

from __future__ import annotations

import numpy as np
import pytest

from dropdub.engines.base import Samples
from dropdub.engines.spoken_check import defect, longest_s, tidy

RATE = 24_000
TEXT = "We went home together in the evening."


def tone(seconds: float, level: float = 0.2) -> Samples:
    return (level * np.sin(np.arange(round(seconds * RATE)) / 20)).astype(np.float32)


@pytest.mark.parametrize(
    ("sound", "problem"),
    [
        (tone(2.5), None),
        (tone(0), "came out as no sound"),
        (tone(2.5) * np.float32("nan"), "came out as no sound"),
        (tone(2.5, level=0.0005), "came out silent"),
        (tone(longest_s(TEXT)), "did not come to an end"),
        (tone(0.3), "came out cut short"),
    ],
    ids=["good", "empty", "not numbers", "silent", "endless", "cut"],
)
def test_defects(sound: Samples, problem: str | None) -> None:
    assert defect(sound, TEXT, RATE) == problem


def test_silence_around_speech_goes_and_none_within_it() -> None:
    pause = np.zeros(RATE, np.float32)
    found = tidy(np.concatenate([pause, tone(1), pause, tone(1), pause]), RATE)
    assert 2.9 * RATE < len(found) < 3.3 * RATE


def test_what_is_too_loud_is_turned_down_not_clipped() -> None:
    found = tidy(tone(1, level=3.0), RATE)
    assert np.abs(found).max() == pytest.approx(1.0)
    assert np.corrcoef(found[2000:9000], tone(1)[2000:9000])[0, 1] > 0.99
