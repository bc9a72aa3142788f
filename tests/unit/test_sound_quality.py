"""Which windows of speech are rated, and what the ratings of several become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import ClassVar

import numpy as np
import pytest

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, SoundRating
from dropdub.pipeline.sound_quality import DubSound, SoundQuality, SpeakerSound
from dropdub.speech.sound_quality import NOISY, UNCLEAR, advice, sound_quality

GOOD = SoundQuality(4.0, 4.0, 4.0, 1)


class FakeMeter:
    """Rates a window by the second at which it begins, which its first sample holds."""

    name: ClassVar[str] = "fake"
    window: ClassVar[int] = 144_160

    def __init__(self) -> None:
        self.begun: list[float] = []

    def rate(self, windows: Iterable[Samples]) -> Iterator[SoundRating]:
        for samples in windows:
            assert len(samples) == self.window
            self.begun.append(float(samples[0] / samples.max()))
            yield SoundRating(1, 2, 3)


def rated_seconds(seconds: float, most: int) -> list[int]:
    """Return at which seconds of a recording of that length the rated windows begin."""
    ramp = np.linspace(0, 1, round(seconds * SPEECH_RATE_HZ), dtype=np.float32)
    meter = FakeMeter()
    found = sound_quality(meter, ramp, most=most)
    assert found == SoundQuality(1, 2, 3, len(meter.begun))
    window_s = meter.window / SPEECH_RATE_HZ
    return [round(share * window_s / (1 - share)) for share in meter.begun]


def test_windows_begin_at_each_second_while_there_are_few() -> None:
    assert rated_seconds(9.01, most=8) == [0]
    assert rated_seconds(12.0, most=8) == [0, 1, 2]


def test_of_long_speech_a_bounded_number_of_windows_from_all_over_it_is_rated() -> None:
    assert rated_seconds(600.0, most=4) == [0, 197, 393, 590]


def test_speech_that_is_shorter_than_a_window_is_repeated_and_too_little_is_not_rated() -> None:
    meter = FakeMeter()
    found = sound_quality(meter, np.ones(4 * SPEECH_RATE_HZ, np.float32))
    assert found is not None and found.windows == 7, "16 s"
    assert sound_quality(meter, np.ones(2 * SPEECH_RATE_HZ, np.float32)) is None
    assert sound_quality(meter, np.zeros(0, np.float32)) is None


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_not_rated_and_quiet_speech_is(level: float) -> None:
    meter = FakeMeter()
    assert sound_quality(meter, np.full(12 * SPEECH_RATE_HZ, level, np.float32)) is None and meter.begun == []
    assert sound_quality(meter, np.full(12 * SPEECH_RATE_HZ, 1e-3, np.float32)) is not None


def test_a_mean_counts_each_window_once() -> None:
    assert SoundQuality.mean([SoundQuality(1, 2, 3, 3), SoundQuality(5, 4, 3, 1)]) == SoundQuality(2, 2.5, 3, 4)


def test_the_sound_of_a_dub_survives_json_with_and_without_an_original() -> None:
    first = SpeakerSound("S1", GOOD, SoundQuality(2.0, 2.0, 2.0, 1))
    both = DubSound.of("dnsmos", [first, SpeakerSound(None, GOOD, None)])
    assert both.original == first.original
    assert DubSound.from_json(asdict(both)).dub == SoundQuality(4.0, 4.0, 4.0, 2)
    only = DubSound.of("dnsmos", [SpeakerSound(None, GOOD, None)])
    assert only.original is None and DubSound.from_json(asdict(only)) == only


@pytest.mark.parametrize(
    ("quality", "word"),
    [
        (GOOD, None),
        (SoundQuality(3.5, NOISY, UNCLEAR, 1), None),
        (SoundQuality(3.5, NOISY - 0.1, 3.0, 1), "noisy"),
        (SoundQuality(2.0, 3.5, UNCLEAR - 0.1, 1), "clear"),
    ],
)
def test_advice_is_given_only_below_the_limits(quality: SoundQuality, word: str | None) -> None:
    said = list(advice(quality))
    assert len(said) == (word is not None)
    assert word is None or (word in said[0] and "another passage" in said[0])
