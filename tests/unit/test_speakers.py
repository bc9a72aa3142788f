"""Who speaks when: from vectors and levels to turns, and from turns to segments."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.media.spans import Span
from dropdub.pipeline.artefacts import Segment, TimedWord, Turn
from dropdub.pipeline.deliverables import readable
from dropdub.pipeline.speakers import (
    HOP_S,
    WINDOW_S,
    attributed,
    grouped,
    turns_by_channel,
    turns_by_voice,
    windows_of,
)

SCIPY = pytest.importorskip("scipy", reason="the extra 'speakers' is not installed")


def vectors(*voices: int, noise: float = 0.02) -> np.ndarray:
    """Return a vector of length 1 for each voice number, those of one voice alike."""
    random = np.random.default_rng(1)
    middles = np.linalg.qr(random.normal(size=(64, 16)))[0].T
    found = middles[list(voices)] + random.normal(scale=noise, size=(len(voices), 64))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def row(count: int) -> list[Span]:
    return [Span(3.0 * number, 3.0 * number + 2.5) for number in range(count)]


def segment(number: int, start: float, *words: str) -> Segment:
    timed = tuple(TimedWord(start + at, start + at + 0.8, word, 0.9) for at, word in enumerate(words))
    return Segment(number, start, timed[-1].end, " ".join(words), timed)


def test_voices_that_are_alike_are_one_group() -> None:
    voices = [0, 0, 1, 0, 2, 2, 1, 0]
    groups = grouped(vectors(*voices))
    assert len(set(zip(voices, groups, strict=True))) == len(set(groups)) == 3
    assert len(set(grouped(vectors(*[3] * 20)))) == 1
    assert grouped(vectors(5)) == [0]


def test_no_more_voices_are_found_than_anybody_can_tell_apart() -> None:
    assert len(set(grouped(vectors(*range(16), *range(16))))) <= 8


def test_a_long_recording_is_grouped_by_a_draw_of_its_windows() -> None:
    voices = [number // 500 % 2 for number in range(4_000)]
    groups = grouped(vectors(*voices))
    assert len(set(zip(voices, groups, strict=True))) == 2


def test_speakers_are_named_as_they_first_speak_and_a_cough_is_nobody() -> None:
    turns = turns_by_voice(row(10), [7, 7, 4, 4, 4, 9, 4, 7, 7, 7])
    assert [turn.speaker for turn in turns] == ["S1", "S2", "S1"]
    assert turns_by_voice(row(4), [2, 2, 2, 2]) == []
    assert turns_by_voice([], []) == []


def test_each_channel_is_a_speaker_where_each_voice_is_on_one_of_them() -> None:
    left, right, both = [-20.0, -50.0], [-60.0, -22.0], [-20.0, -21.0]
    turns = turns_by_channel(row(6), np.array([right, right, left, left, right, right]))
    assert [turn.speaker for turn in turns] == ["S1", "S2", "S1"]
    assert turns_by_channel(row(6), np.array([left, right, both, both, left, right])) == [], "a common stereo recording"
    assert turns_by_channel(row(4), np.array([left] * 4)) == [], "one speaker on one side"


def test_segments_get_the_speaker_who_speaks_in_them_and_are_parted_where_he_changes() -> None:
    turns = [Turn(0.0, 3.0, "S1"), Turn(3.0, 9.0, "S2")]
    given_ = [
        segment(0, 0.0, "we", "are"),
        segment(1, 2.0, "here", "and", "you", "too"),
        Segment(2, 8.0, 9.0, "no words"),
    ]
    found = attributed(given_, turns)
    assert [(one.speaker, one.text) for one in found] == [
        ("S1", "we are"),
        ("S2", "here and you too"),
        ("S2", "no words"),
    ], "a single word is no turn"
    long = segment(3, 0.0, *["a", "b", "c", "d", "e", "f"])
    assert [(one.speaker, one.text) for one in attributed([long], turns)] == [("S1", "a b c"), ("S2", "d e f")]
    assert attributed(given_, []) == given_


@given(st.lists(st.floats(0.2, 40), min_size=1, max_size=30))
def test_windows_cover_all_speech_and_reach_over_no_pause(lengths: list[float]) -> None:
    spans, at = [], 0.0
    for length in lengths:
        spans.append(Span(at, at + length))
        at += length + 1
    found = windows_of(spans)
    assert all(one.duration_s <= WINDOW_S + 1e-6 for one in found)
    for span in spans:
        inside = [one for one in found if span.start <= one.start < span.end]
        assert inside[0].start == span.start
        assert inside[-1].end == span.end
        assert all(after.start - before.start == pytest.approx(HOP_S) for before, after in pairwise(inside))


def test_speakers_are_named_in_the_readable_text() -> None:
    said = [Segment(0, 0, 1, "Hello.", speaker="S1"), Segment(1, 1, 2, "How are you?", speaker="S1")]
    assert readable([*said, Segment(2, 2, 3, "Well.", speaker="S2")]) == "S1: Hello. How are you?\n\nS2: Well.\n"
