"""Turns applied to the segments of a transcript: names, cuts, and what becomes of words."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dropdub.pipeline.artifacts import Segment, TimedWord, Turn
from dropdub.speech.turns import SHORTEST_PART_S, speakers_in, with_speakers


def a_segment(start: float, text: str, *, word_s: float = 0.5) -> Segment:
    """Return a segment of words that follow one another without a pause."""
    words = tuple(
        TimedWord(start + number * word_s, start + (number + 1) * word_s, word, 1.0)
        for number, word in enumerate(text.split())
    )
    return Segment(0, start, words[-1].end, text, words)


def said(segments: list[Segment], *turns: tuple[float, float, int]) -> list[tuple[str | None, str]]:
    return [(one.speaker, one.text) for one in with_speakers(segments, [Turn(*turn) for turn in turns])]


def test_speakers_are_named_in_the_order_they_are_first_heard() -> None:
    spoken = [a_segment(0, "a b"), a_segment(1, "c d"), a_segment(2, "e f")]
    assert said(spoken, (0, 1, 7), (1, 2, 3), (2, 3, 7)) == [("S1", "a b"), ("S2", "c d"), ("S1", "e f")]


def test_one_speaker_has_no_name() -> None:
    spoken = [a_segment(0, "a b"), a_segment(1, "c d")]
    assert said(spoken, (0, 2, 5)) == [(None, "a b"), (None, "c d")] == said(spoken)
    assert speakers_in(spoken) == 1 and speakers_in([]) == 0


def test_a_segment_is_cut_between_words_where_the_speaker_changes() -> None:
    spoken = [a_segment(10, "one two three four five six")]
    [first, second] = with_speakers(spoken, [Turn(10, 11.6, 0), Turn(11.6, 13, 1)])
    assert (first.text, second.text) == ("one two three", "four five six")
    assert (first.start, first.end, second.start, second.end) == (10, 11.5, 11.5, 13)
    assert [first.id, second.id] == [0, 1] and [word.text for word in second.words] == ["four", "five", "six"]


def test_a_part_shorter_than_a_second_is_not_cut_off() -> None:
    spoken = [a_segment(0, "one two three four"), a_segment(5, "five six")]
    assert said(spoken, (0, 1.5, 0), (1.5, 2, 1), (5, 6, 1)) == [("S1", "one two three four"), ("S2", "five six")]


def test_a_text_that_differs_from_its_words_goes_whole_to_the_main_speaker() -> None:
    words = a_segment(0, "one two three four five").words
    spoken = [Segment(0, 0, 2.5, "One, two; three. Four five!", words), a_segment(3, "six seven")]
    assert said(spoken, (0, 1.0, 0), (1.0, 2.5, 1), (3, 4, 0)) == [
        ("S1", "One, two; three. Four five!"),
        ("S2", "six seven"),
    ]


def test_a_segment_without_a_voice_goes_to_the_previous_speaker() -> None:
    spoken = [a_segment(0, "a"), a_segment(1, "b c"), a_segment(3, "d"), a_segment(4, "e f")]
    assert [who for who, _ in said(spoken, (1, 2, 4), (4, 5, 9))] == ["S1", "S1", "S1", "S2"]


turns_of_three = st.lists(st.tuples(st.floats(0.1, 4), st.integers(0, 2)), max_size=20)
texts = st.lists(st.tuples(st.integers(1, 12), st.floats(0, 2)), min_size=1, max_size=8)


@given(texts, turns_of_three)
def test_no_word_is_lost_or_moved_and_no_part_is_too_short(
    spoken: list[tuple[int, float]], lasting: list[tuple[float, int]]
) -> None:
    segments, position = [], 0.0
    for count, pause_s in spoken:
        segments.append(a_segment(position + pause_s, " ".join(f"w{position:.0f}.{number}" for number in range(count))))
        position = segments[-1].end
    turns, at = [], 0.0
    for length_s, speaker in lasting:
        turns.append(Turn(at, at + length_s, speaker))
        at += length_s
    found = with_speakers(segments, turns)
    assert [word for one in found for word in one.words] == [word for one in segments for word in one.words]
    assert " ".join(one.text for one in found) == " ".join(one.text for one in segments)
    assert all(before.end <= after.start for before, after in pairwise(found))
    originals = {(one.start, one.end) for one in segments}
    assert all((one.start, one.end) in originals or one.end - one.start >= SHORTEST_PART_S - 1e-9 for one in found)
    names = [one.speaker for one in found]
    assert list(dict.fromkeys(names)) in ([None], ["S1", "S2"], ["S1", "S2", "S3"])
