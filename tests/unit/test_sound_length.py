"""How long a sound is, in samples: what ffmpeg lists is added up, and other rates get the nearest whole number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.media.sound.length import SoundLength, counted


@given(st.integers(1, 10**10), st.integers(1_000, 384_000), st.integers(1_000, 384_000))
def test_at_another_rate_the_length_is_the_nearest_number_of_samples(samples: int, rate: int, other: int) -> None:
    assert abs(SoundLength(samples, rate).at(other) - Fraction(samples * other, rate)) <= Fraction(1, 2)


def test_at_its_own_rate_nothing_is_rounded_at_any_length() -> None:
    assert SoundLength(44_100 * 86_400 * 30 + 1, 44_100).at(44_100) == 44_100 * 86_400 * 30 + 1


def test_durations_that_ffmpeg_lists_are_added_up(tmp_path: Path) -> None:
    listed = tmp_path / "length"
    listed.write_text(
        "#software: Lavf\n#tb 0: 1/44100\n#media_type 0: audio\n"
        "0,          0,          0,   441000,   882000, 0x1f01b693\n"
        "0,     441000,     441000,        1,        2, 0x01cc0140\n",
        encoding="utf-8",
    )
    assert counted(listed, has_clock=True) == SoundLength(441_001, 44_100)


@pytest.mark.parametrize("text", ["", "#tb 0: 1/48000\n", "0, 0, 0, 12, 24, 0x0\n"])
def test_a_list_without_a_sound_has_no_length(tmp_path: Path, text: str) -> None:
    (tmp_path / "length").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="does not contain"):
        counted(tmp_path / "length", has_clock=True)
