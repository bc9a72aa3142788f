from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dropdub.media.sound import wav
from dropdub.media.sound.wav import Samples
from dropdub.speech.rumble import Depths

RATE = 16_000


def has_rumble(sound: Samples) -> bool:
    depths = Depths()
    for block in np.array_split(sound, 3):
        depths.add(block)
    return depths.have_rumble


def wave(hertz: float, level: float, count: int) -> Samples:
    return (level * np.sin(2 * np.pi * hertz * np.arange(count) / RATE)).astype(np.float32)


def test_an_offset_and_a_rumble_are_noticed_and_a_voice_is_not(speech_wav: Path) -> None:
    spoken = 0.3 * wav.read_range(speech_wav)
    assert not has_rumble(spoken)
    assert has_rumble(spoken + np.float32(0.02)) and has_rumble(spoken + wave(20, 0.2, len(spoken)))


@pytest.mark.parametrize("hertz", [50, 60, 85, 120, 300])
def test_hum_and_the_deepest_voices_are_no_rumble(hertz: float) -> None:
    assert not has_rumble(wave(hertz, 0.3, 3 * RATE))


def test_a_small_offset_of_silence_is_no_rumble(speech_wav: Path) -> None:
    assert not has_rumble(np.concatenate([wav.read_range(speech_wav), np.full(15 * RATE, 1e-3, np.float32)]))
    assert not has_rumble(np.zeros(0, np.float32))
