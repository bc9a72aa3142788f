"""Who speaks when according to two, and how close a sound is to another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dropdub.media.sound import wav
from dropdub.operations.comparing.material import speakers_beside, speakers_in
from dropdub.operations.comparing.sounds import distortion_db
from dropdub.operations.comparing.speakers import agreement
from dropdub.pipeline.artifacts import Turn

SUBTITLE = """\
1
00:00:01,000 --> 00:00:02,000
Ana: Bom dia.

2
00:00:02,000 --> 00:00:03,500
10:30 is the time.

3
00:00:04,000 --> 00:00:05,000
DR. RUI: Good morning.
"""


ANA, RUI = 0, 1


def said(*turns: tuple[float, float, int]) -> list[Turn]:
    return [Turn(*turn) for turn in turns]


def test_other_names_for_the_same_speakers_are_no_difference() -> None:
    one = said((0, 2, ANA), (2, 5, RUI), (6, 7, ANA))
    found = agreement(one, said((0, 2, 11), (2, 5, 12), (6, 7, 11)))
    assert (found.speech_s, found.differing_s, found.numbers) == (6, 0, {11: ANA, 12: RUI})
    assert found.share == 0


def test_only_speech_that_both_name_counts() -> None:
    found = agreement(said((0, 4, ANA)), said((3, 5, 11), (6, 8, 12)))
    assert (found.speech_s, found.differing_s) == (1, 0)
    assert agreement(said((0, 1, ANA)), said((1, 2, 11))).share is None


@pytest.mark.parametrize(
    ("other", "wrong_s"),
    [
        (said((0, 10, 11)), 4),  # hears one speaker
        (said((0, 6, 11), (6, 8, 12), (8, 10, 13)), 2),  # hears a third one
        (said((0, 7, 11), (7, 10, 12)), 1),  # notices the change late
    ],
)
def test_what_is_taken_for_another_is_the_difference(other: list[Turn], wrong_s: float) -> None:
    found = agreement(said((0, 6, ANA), (6, 10, RUI)), other)
    assert (found.speech_s, found.differing_s) == (10, wrong_s)


def test_names_are_matched_for_as_long_as_possible_and_not_greedily() -> None:
    one = said((0, 5, ANA), (5, 9, RUI))
    other = said((0, 1, 12), (1, 5, 11), (5, 9, 11))
    assert agreement(one, other).numbers in ({11: ANA, 12: RUI}, {11: ANA, 12: 2}, {12: ANA, 11: RUI})
    assert agreement(one, other).differing_s == 4


def test_many_speakers_are_matched_by_those_who_speak_longest() -> None:
    turns = [(float(n), n + 1 / (1 + n), n) for n in range(20)]
    found = agreement(said(*turns), said(*turns))
    matched = {number: who for number, who in found.numbers.items() if who < 20}
    assert {number: who for number, who in matched.items() if number != who} == {}
    assert len(matched) == 7


def test_whoever_is_left_over_gets_nobody_elses_number() -> None:
    found = agreement(said((0, 9, ANA)), said((0, 1, 0), (1, 9, 1)))
    assert found.numbers == {1: ANA, 0: 1} and found.differing_s == 1


def test_a_subtitle_with_names_says_who_speaks(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(SUBTITLE, encoding="utf-8")
    found = speakers_beside(tmp_path / "talk.wav")
    assert found is not None and found.name == "talk.srt"
    assert found.turns == (Turn(1.0, 2.0, 0), Turn(4.0, 5.0, 1))
    (tmp_path / "plain.srt").write_text(SUBTITLE.replace("Ana: ", "").replace("DR. RUI: ", ""), encoding="utf-8")
    (tmp_path / "talk.txt").write_text("Ana: Bom dia.", encoding="utf-8")
    assert speakers_in(tmp_path / "plain.srt") is speakers_in(tmp_path / "talk.txt") is None
    assert speakers_beside(tmp_path / "plain.wav") is None


def sound(path: Path, samples: np.ndarray) -> Path:
    wav.write_short(path, samples.astype(np.float32), 16_000)
    return path


def test_distortion_is_measured_in_decibels(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    truth, noise = 0.1 * random.normal(size=40 * 16_000), 0.01 * random.normal(size=40 * 16_000)
    right = sound(tmp_path / "right.wav", truth)
    assert distortion_db(right, sound(tmp_path / "noisy.wav", truth + noise)) == pytest.approx(20, abs=0.1)
    assert distortion_db(right, sound(tmp_path / "silent.wav", 0 * truth)) == pytest.approx(0, abs=0.01)
    assert distortion_db(right, right) == 99
    assert distortion_db(right, sound(tmp_path / "short.wav", (truth + noise)[:16_000])) == pytest.approx(20, abs=0.3)
    assert distortion_db(tmp_path / "silent.wav", right) is None
