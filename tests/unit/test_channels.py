"""Whether two channels are two speakers: by how loud each is in every stretch of speech."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment, TimedWord, Turn
from dropdub.speech.channels import Levels, by_channel, heard_spans


def levels(*powers: tuple[float, float], seconds: float = 2.0) -> list[Levels]:
    return [Levels(Span(at * seconds, (at + 1) * seconds), *power) for at, power in enumerate(powers)]


def test_each_stretch_belongs_to_the_louder_channel_and_neighbours_join() -> None:
    found = by_channel(levels((1, 0.1), (1, 0.01), (0, 0.5), (0.2, 0.04)))
    assert found == [Turn(0, 4, 0), Turn(4, 6, 1), Turn(6, 8, 0)]


@pytest.mark.parametrize(
    "powers",
    [
        [],
        [(1, 1)] * 5,  # one sound on both
        [(1, 0.3)] * 5 + [(0.3, 1)] * 5,  # 5 dB apart
        [(1, 0)] * 10,  # one microphone, the other channel is empty
        [(1, 0.01)] * 4 + [(0.01, 1)] * 4 + [(1, 1)] * 1,  # eight ninths are decided
        [(0, 0)] * 10,
    ],
)
def test_channels_that_do_not_separate_speakers_give_no_result(powers: list[tuple[float, float]]) -> None:
    assert by_channel(levels(*powers)) is None


def test_a_tenth_may_be_undecided_and_belongs_to_nobody() -> None:
    found = by_channel(levels(*[(1, 0.01)] * 4, (1, 1), *[(0.01, 1)] * 5))
    assert found == [Turn(0, 8, 0), Turn(10, 20, 1)]


def test_a_moment_on_one_channel_is_no_speaker() -> None:
    assert by_channel([*levels(*[(1, 0)] * 10), Levels(Span(20, 20.9), 0, 1)]) is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0.5, 20)), min_size=1, max_size=30), st.floats(1e-9, 1.0))
def test_one_speaker_per_channel_is_recognised_at_any_loudness(runs: list[tuple[bool, float]], power: float) -> None:
    at, given_levels = 0.0, []
    for left, seconds in runs:
        side = (power, power / 5) if left else (power / 5, power)
        given_levels.append(Levels(Span(at, at + seconds), *side))
        at += seconds
    sides = [sum(seconds for side, seconds in runs if side == left) for left in (True, False)]
    assume(abs(min(sides) - 1) > 1e-6)  # sums of floating-point numbers, at the very limit of a second
    found = by_channel(given_levels)
    assert (found is not None) == (min(sides) >= 1)
    if found is not None:
        for left in (True, False):
            assert sum(one.end - one.start for one in found if one.speaker == (not left)) == pytest.approx(
                sides[not left]
            )


def test_words_are_measured_if_there_are_any_and_overlaps_once() -> None:
    words = (TimedWord(0, 1, "a", 1.0), TimedWord(1.5, 2, "b", 1.0))
    segments = [Segment(0, 0, 2, "a b", words), Segment(1, 1.8, 3, "c"), Segment(2, 2.5, 2.9, "d")]
    assert heard_spans(segments) == [Span(0, 1), Span(1.5, 2), Span(2, 3)]
