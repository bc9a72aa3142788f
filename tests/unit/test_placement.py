"""Utterances on the time line: what holds for all of them, whatever the recording."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.dubbing.placement import FASTEST, USUAL_FASTEST, Placement, fastest, place
from dropdub.dubbing.published_timing import ON_TIME_S
from dropdub.dubbing.utterances import LONGEST_S, Piece, Utterance, joined
from dropdub.pipeline.artifacts import Segment

EXACT = 1e-6


def said(start: float, end: float, length_s: float, *, speaker: str | None = None, rate: float = 1.0) -> Utterance:
    return Utterance((Piece(0, start, end, length_s),), speaker, rate)


@st.composite
def turns(
    draw: st.DrawFn, *, most: float, speakers: Sequence[str | None] = ("S1", "S2"), overlap: bool = True
) -> tuple[list[Utterance], float]:
    """Utterances of up to three pieces in a row, each at most `most` times as long as its slot; then the end."""
    found: list[Utterance] = []
    position = 0.0
    for _ in range(draw(st.integers(1, 12))):
        position += draw(st.floats(-0.6 if overlap and found else 0.0, 2.0))
        position = max(position, found[-1].start if found else 0.0)
        pieces = []
        for _ in range(draw(st.integers(1, 3))):
            slot = draw(st.floats(0.4, 4.0))
            pieces.append(Piece(0, position, position + slot, slot * draw(st.floats(0.3, most))))
            position += slot + draw(st.floats(0.0, 0.4))
        found.append(Utterance(tuple(pieces), draw(st.sampled_from(speakers))))
    return found, position + draw(st.floats(0.0, 3.0))


def in_order(pairs: list[tuple[Utterance, Placement]]) -> list[tuple[Utterance, Placement]]:
    return sorted(pairs, key=lambda pair: pair[0].start)


@settings(max_examples=150, deadline=None)
@given(turns(most=2.5))
def test_nothing_is_lost_overlaps_more_than_before_or_exceeds_the_speed_limit(
    given_turns: tuple[list[Utterance], float],
) -> None:
    utterances, duration_s = given_turns
    placed = place(utterances, duration_s)
    assert len(placed) == len(utterances)
    for one, its in zip(utterances, placed, strict=True):
        assert 1.0 <= its.stretch <= FASTEST + EXACT
        assert its.end - its.start == pytest.approx(one.duration_s(its.stretch))
        assert its.start == its.pieces[0] >= 0
    for (one, its), (other, others) in combinations(in_order(list(zip(utterances, placed, strict=True))), 2):
        assert its.start <= others.start + EXACT, "what was said first is said first"
        before = max(one.end - other.start, 0.0) if one.speaker != other.speaker else 0.0
        assert others.start >= its.end - before - EXACT


@settings(max_examples=150, deadline=None)
@given(turns(most=FASTEST, overlap=False))
def test_speech_that_fits_its_slots_ends_within_the_recording(
    given_turns: tuple[list[Utterance], float],
) -> None:
    utterances, duration_s = given_turns
    assert max(its.end for its in place(utterances, duration_s)) <= duration_s + EXACT


@settings(max_examples=150, deadline=None)
@given(turns(most=USUAL_FASTEST - 0.01, overlap=False))
def test_if_there_is_room_speech_is_on_time_and_at_a_usual_pace(
    given_turns: tuple[list[Utterance], float],
) -> None:
    utterances, duration_s = given_turns
    for one, its in zip(utterances, place(utterances, duration_s), strict=True):
        assert abs(its.start - one.start) <= ON_TIME_S + EXACT
        assert its.stretch <= USUAL_FASTEST + EXACT


@settings(max_examples=100, deadline=None)
@given(turns(most=1.0, overlap=False))
def test_speech_that_fits_is_left_unchanged(given_turns: tuple[list[Utterance], float]) -> None:
    utterances, duration_s = given_turns
    for one, its in zip(utterances, place(utterances, duration_s), strict=True):
        assert its.stretch == pytest.approx(1.0)
        assert its.start == pytest.approx(one.start)
        assert list(its.pieces) == pytest.approx([piece.start for piece in one.pieces])


@settings(max_examples=50, deadline=None)
@given(turns(most=2.5), st.randoms())
def test_the_order_in_which_they_are_given_does_not_matter(
    given_turns: tuple[list[Utterance], float], random: object
) -> None:
    utterances, duration_s = given_turns
    utterances = list({one.start: one for one in utterances}.values())
    numbers = list(range(len(utterances)))
    random.shuffle(numbers)  # type: ignore[attr-defined]
    mixed = place([utterances[number] for number in numbers], duration_s)
    assert [mixed[numbers.index(number)] for number in range(len(numbers))] == place(utterances, duration_s)


def test_following_silence_is_borrowed_before_speech_is_sped_up() -> None:
    (its,) = place([said(1.0, 3.0, 4.0)], 10.0)
    assert (its.start, its.end, its.stretch) == (1.0, 5.0, 1.0)


def test_late_speech_catches_up_in_the_next_pause() -> None:
    dense = [said(at, at + 2.0, 2.7) for at in (0.0, 2.0, 4.0)]
    placed = place([*dense, said(12.0, 14.0, 1.5)], 20.0)
    assert placed[2].start > 4.2, "more than a little speed would be worse than being late"
    assert placed[3].start == pytest.approx(12.0)


def test_the_end_of_the_recording_is_kept_by_starting_earlier() -> None:
    (its,) = place([said(5.0, 6.0, 3.0)], 6.0)
    assert its.end <= 6.0 + EXACT and its.start < 5.0 and its.stretch <= FASTEST + EXACT


def test_speech_that_cannot_fit_is_as_fast_as_allowed_and_overruns_the_end() -> None:
    (its,) = place([said(0.0, 1.0, 3.0)], 1.0)
    assert its.stretch == pytest.approx(FASTEST) and its.end == pytest.approx(3.0 / FASTEST)


def test_a_remark_within_anothers_speech_stays_within_it() -> None:
    placed = place([said(0, 6, 6, speaker="S1"), said(3, 3.5, 0.4, speaker="S2"), said(6.2, 8, 2, speaker="S1")], 10.0)
    assert [its.start for its in placed] == pytest.approx([0, 3, 6.2])


def test_speech_that_was_hurried_already_is_hurried_less() -> None:
    assert fastest(said(0, 1, 1, rate=1.2)) * 1.2 == pytest.approx(FASTEST)
    placed = place([said(0, 2, 2.6, rate=1.2), said(2, 4, 1)], 4.0)
    assert placed[0].stretch * 1.2 <= FASTEST + EXACT


def test_lines_are_one_utterance_over_short_pauses_of_the_same_speaker() -> None:
    a, b, c, d = (
        Segment(0, 0.0, 2.0, "a", speaker="S1"),
        Segment(1, 2.3, 4.0, "b", speaker="S1"),
        Segment(2, 4.0, 5.0, "c", speaker="S2"),
        Segment(3, 6.0, 7.0, "d", speaker="S2"),
    )
    assert joined([a, b, c, d]) == [[a, b], [c], [d]]
    row = [Segment(number, float(number), number + 1.0, "x") for number in range(40)]
    assert all(run[-1].end - run[0].start <= LONGEST_S for run in joined(row))
    assert [one for run in joined(row) for one in run] == row


def test_pieces_begin_with_the_original_and_move_only_if_the_previous_overruns() -> None:
    one = Utterance((Piece(0, 1.0, 2.0, 0.5), Piece(1, 2.2, 3.0, 1.6), Piece(2, 3.2, 4.0, 0.5)))
    assert one.offsets(1.0) == pytest.approx([0.0, 1.2, 2.9])
    assert one.duration_s() == pytest.approx(3.4)
    stretch = one.stretch_for(3.0)
    assert one.duration_s(stretch) == pytest.approx(3.0) and one.stretch_for(9.0) == 1.0
    assert one.stretch_for(2.2) == float("inf"), "the last piece alone begins no earlier"


def test_lines_within_an_utterance_are_not_late_only_because_silence_follows() -> None:
    pieces = tuple(Piece(number, 2.5 * number, 2.5 * number + 2.4, 2.8) for number in range(4))
    (its,) = place([Utterance(pieces)], 60.0)
    assert 1.1 < its.stretch <= USUAL_FASTEST + EXACT
    assert max(abs(at - piece.start) for at, piece in zip(its.pieces, pieces, strict=True)) < 2 * ON_TIME_S
