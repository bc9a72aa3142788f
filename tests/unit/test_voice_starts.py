"""Where voices begin in the sound: found in spite of wrong times of their text, and not invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dropdub.dubbing.voice_starts import voice_starts
from dropdub.media.sound.spans import Span
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import Segment

RATE = 16_000


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Return a recording with sound at 1-2 s, 3-3.04 s (a click), 5-6 s and 6.05-7 s, over faint noise."""
    sound = np.random.default_rng(1).normal(0, 0.0005, 9 * RATE).astype(np.float32)
    for start, end in ((1.0, 2.0), (3.0, 3.04), (5.0, 6.0), (6.05, 7.0)):
        moments = np.arange(round(start * RATE), round(end * RATE))
        sound[moments] += 0.2 * np.sin(moments / 10)
    with WavWriter(tmp_path / "audio.wav", RATE) as writer:
        writer.write(sound)
    return tmp_path / "audio.wav"


def starts(audio: Path, *times: tuple[float, float], speech: tuple[Span, ...] = ()) -> dict[int, float]:
    segments = [Segment(number, start, end, "words") for number, (start, end) in enumerate(times)]
    return {number: round(start, 2) for number, start in voice_starts(audio, speech, segments).items()}


@pytest.mark.parametrize(("start", "end"), [(0.0, 2.0), (0.4, 1.6), (1.0, 2.0), (1.3, 2.0), (1.8, 2.5)])
def test_voice_is_found_though_its_text_is_early_or_late(audio: Path, start: float, end: float) -> None:
    assert starts(audio, (start, end)) == {0: 1.0}


def test_text_stretched_over_the_pause_before_it_begins_with_its_own_voice(audio: Path) -> None:
    assert starts(audio, (1.0, 1.95), (1.95, 6.0)) == {0: 1.0, 1: 5.0}, "the end of the last word is not its voice"


def test_click_is_not_a_voice(audio: Path) -> None:
    assert starts(audio, (2.5, 5.5)) == {0: 5.0}
    assert starts(audio, (2.5, 4.0)) == {}


def test_start_within_continuous_speech_is_not_shown_by_the_sound(audio: Path) -> None:
    assert starts(audio, (5.0, 6.0), (6.0, 7.0)) == {0: 5.0}


def test_text_before_that_ends_slightly_late_does_not_hide_a_start(audio: Path) -> None:
    assert starts(audio, (1.0, 5.1), (5.1, 7.0)) == {0: 1.0, 1: 5.0}


def test_only_sound_in_which_somebody_speaks_is_a_voice(audio: Path) -> None:
    assert starts(audio, (0.5, 6.0), speech=(Span(4.9, 7.1),)) == {0: 5.0}
    assert starts(audio, (0.5, 2.0), speech=(Span(4.9, 7.1),)) == {}


def test_silence_has_no_voice(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "audio.wav", RATE) as writer:
        writer.write(np.zeros(RATE, np.float32))
    assert starts(tmp_path / "audio.wav", (0.0, 1.0)) == {}
