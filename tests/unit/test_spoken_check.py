"""What is wrong with speech is seen without hearing it."""

from __future__ import annotations

import numpy as np
import pytest

from dropdub.engines.base import Samples
from dropdub.engines.speaking.spoken_check import LONGEST_S, defect, letters, longest_s, without_tail
from dropdub.engines.speaking.spoken_parts import joined, tidy

RATE = 24_000
TEXT = "We went home together in the evening."


def tone(seconds: float, level: float = 0.2) -> Samples:
    return (level * np.sin(np.arange(round(seconds * RATE)) / 20)).astype(np.float32)


@pytest.mark.parametrize(
    ("sound", "problem"),
    [
        (tone(2.5), None),
        (tone(0), "produced no sound"),
        (tone(2.5) * np.float32("nan"), "produced no sound"),
        (tone(2.5, level=0.0005), "came out silent"),
        (tone(longest_s(TEXT)), "did not end"),
        (tone(0.3), "came out cut short"),
    ],
    ids=["good", "empty", "not numbers", "silent", "endless", "cut"],
)
def test_defects_are_recognised(sound: Samples, problem: str | None) -> None:
    assert defect(sound, TEXT, RATE) == problem


@pytest.mark.parametrize("pace", [0.8, 1.0, 1.4])
def test_quick_and_slow_speech_is_measured_by_its_own_pace(pace: float) -> None:
    assert defect(tone(2.5 / pace), TEXT, RATE, pace=pace) is None
    assert defect(tone(longest_s(TEXT) / pace), TEXT, RATE, pace=pace) == "did not end"
    assert defect(tone(0.75 / pace), TEXT, RATE, pace=pace) == "came out cut short"


def test_speech_may_not_exceed_the_longest_that_a_call_gives() -> None:
    assert defect(tone(27.8), "word " * 50, RATE) == "did not end"
    assert longest_s("word " * 500) == LONGEST_S


@pytest.mark.parametrize(
    ("text", "seconds"), [("+351 912 345 678", 9.0), ("2026", 3.0), ("今天天气很好。", 3.0), ("5 %", 2.5)]
)
def test_numbers_and_syllables_have_time_to_be_said(text: str, seconds: float) -> None:
    assert letters(text) > len(text)
    assert defect(tone(seconds), text, RATE) is None


def test_a_noise_after_a_long_pause_is_removed_and_a_last_word_stays() -> None:
    pause = np.zeros(RATE, np.float32)
    noisy = np.concatenate([tone(2.5), pause, tone(0.3)])
    assert len(without_tail(noisy, TEXT, RATE)) == pytest.approx(2.5 * RATE, abs=0.1 * RATE)
    for kept in (
        np.concatenate([tone(2.5), pause, tone(1.0)]),  # long enough to be words
        np.concatenate([tone(1.0), pause, tone(0.3)]),  # before it there was no time for all
        np.concatenate([tone(2.5), pause[: RATE // 2], tone(0.3)]),
        tone(2.5),
        pause,
        pause[:0],
    ):
        assert len(without_tail(kept, TEXT, RATE)) == len(kept)


def test_silence_around_speech_is_removed_and_silence_within_it_stays() -> None:
    pause = np.zeros(RATE, np.float32)
    found = tidy(np.concatenate([pause, tone(1), pause, tone(1), pause]), RATE)
    assert 2.9 * RATE < len(found) < 3.3 * RATE


def test_a_sound_that_is_too_loud_is_turned_down_and_not_clipped() -> None:
    found = tidy(tone(1, level=3.0), RATE)
    assert np.abs(found).max() == pytest.approx(1.0)
    assert np.corrcoef(found[2000:9000], tone(1)[2000:9000])[0, 1] > 0.99


def test_parts_are_joined_with_a_pause_between_each_two() -> None:
    assert len(joined([tone(1), tone(1), tone(1)], RATE)) == round(3.5 * RATE)
    assert len(joined([], RATE)) == 0
