"""Who speaks when according to two, and how close a sound is to another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.operations.comparing.material import speakers_beside, speakers_in
from dropdub.operations.comparing.sounds import distortion_db
from dropdub.operations.comparing.speakers import Said, agreement

SUBTITLE = """\
1
00:00:01,000 --> 00:00:02,000
Ana: Bom dia.

2
00:00:02,000 --> 00:00:03,500
It is ten.

3
00:00:04,000 --> 00:00:05,000
DR. RUI: Good morning.
"""


def said(*turns: tuple[float, float, str]) -> list[Said]:
    return [Said(Span(start, end), who) for start, end, who in turns]


def test_other_names_for_the_same_speakers_are_no_difference() -> None:
    one = said((0, 2, "Ana"), (2, 5, "Rui"), (6, 7, "Ana"))
    found = agreement(one, said((0, 2, "S1"), (2, 5, "S2"), (6, 7, "S1")))
    assert (found.speech_s, found.differing_s, found.names) == (6, 0, {"S1": "Ana", "S2": "Rui"})
    assert found.share == 0


def test_only_speech_that_both_name_counts() -> None:
    found = agreement(said((0, 4, "Ana")), said((3, 5, "S1"), (6, 8, "S2")))
    assert (found.speech_s, found.differing_s) == (1, 0)
    assert agreement(said((0, 1, "Ana")), said((1, 2, "S1"))).share is None


@pytest.mark.parametrize(
    ("other", "wrong_s"),
    [
        (said((0, 10, "S1")), 4),  # hears one speaker
        (said((0, 6, "S1"), (6, 8, "S2"), (8, 10, "S3")), 2),  # hears a third one
        (said((0, 7, "S1"), (7, 10, "S2")), 1),  # notices the change late
    ],
)
def test_what_is_taken_for_another_is_the_difference(other: list[Said], wrong_s: float) -> None:
    found = agreement(said((0, 6, "Ana"), (6, 10, "Rui")), other)
    assert (found.speech_s, found.differing_s) == (10, wrong_s)


def test_names_are_matched_for_as_long_as_possible_and_not_greedily() -> None:
    one = said((0, 5, "A"), (5, 9, "B"))
    other = said((0, 1, "Y"), (1, 5, "X"), (5, 9, "X"))
    assert agreement(one, other).names in ({"X": "A"}, {"X": "A", "Y": "B"}, {"Y": "A", "X": "B"})
    assert agreement(one, other).differing_s == 4


def test_many_speakers_are_matched_by_those_who_speak_longest() -> None:
    turns = [(float(n), n + 1 / (1 + n), f"P{n}") for n in range(20)]
    found = agreement(said(*turns), said(*turns))
    assert {name: who for name, who in found.names.items() if name != who} == {}
    assert len(found.names) == 7


def test_a_subtitle_with_names_says_who_speaks(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(SUBTITLE, encoding="utf-8")
    found = speakers_beside(tmp_path / "talk.wav")
    assert found is not None and found.name == "talk.srt"
    assert [(one.span.start, one.speaker) for one in found.said] == [(1.0, "ana"), (4.0, "dr. rui")]
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
