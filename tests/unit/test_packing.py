"""Speech is packed into windows without its pauses, and its words find their way back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Word
from dropdub.engines.hearing.packing import Packed, Piece, packed


def noise(seconds: float, level: float = 0.1) -> Samples:
    return np.random.default_rng(0).normal(0, level, round(seconds * SPEECH_RATE_HZ)).astype(np.float32)


def pieces(*spans: tuple[float, float]) -> list[Piece]:
    return [Piece(number, start, noise(end - start)) for number, (start, end) in enumerate(spans)]


def durations(found: list[Packed]) -> list[float]:
    return [round(len(one.samples) / SPEECH_RATE_HZ, 2) for one in found]


def test_pieces_fill_windows_without_the_pauses_between() -> None:
    found = list(packed(pieces((0, 8), (20, 28), (40, 52.5), (60, 70)), longest_s=30))
    assert durations(found) == [28.5, 10.0]
    assert [len(one.pieces) for one in found] == [3, 1]


def test_what_does_not_fit_is_cut_in_a_pause() -> None:
    talk = np.concatenate([noise(5), noise(0.5, 0.0001), noise(4), noise(0.3, 0.0001), noise(6)])
    first, second = packed([*pieces((0, 20)), Piece(1, 30.0, talk)], longest_s=30)
    assert durations([first, second]) == [29.65, 6.15]
    assert (second.pieces[0].window, round(second.pieces[0].start, 2)) == (1, 39.65)


def test_speech_without_any_pause_is_cut_at_the_limit_only_if_nothing_comes_before_it() -> None:
    assert durations(list(packed(pieces((0, 10), (15, 40)), longest_s=30))) == [10.0, 25.0]
    assert durations(list(packed(pieces((0, 70)), longest_s=30))) == [30.0, 30.0, 10.0]


def test_words_get_times_of_the_recording_and_the_number_of_their_window() -> None:
    (one,) = packed(pieces((10, 12), (20, 21), (30, 32)), longest_s=30)
    said = [Word(0.5, 1.5, "a", 1), Word(1.8, 2.9, "b", 1), Word(3.0, 3.5, "c", 1), Word(4.9, 5.2, "d", 1)]
    found = [(window, [(word.text, word.start, word.end) for word in words]) for window, words in one.by_window(said)]
    assert found == [
        (0, [("a", 10.5, 11.5)]),
        (1, [("b", 20.0, 20.9)]),
        (2, [("c", 30.0, 30.5), ("d", 31.9, 32.0)]),
    ]


def test_what_comes_after_a_moment_keeps_its_place_in_the_recording() -> None:
    (one,) = packed(pieces((10, 12), (20, 23)), longest_s=30)
    assert [(piece.window, piece.start, piece.duration_s) for piece in one.after(1.5).pieces] == [
        (0, 11.5, 0.5),
        (1, 20.0, 3.0),
    ]
    assert [(piece.window, piece.start, piece.duration_s) for piece in one.after(2.5).pieces] == [(1, 20.5, 2.5)]


@given(st.lists(st.floats(0.1, 40), max_size=12))
def test_nothing_is_lost_or_changed_in_order_and_no_window_is_too_long(lengths: list[float]) -> None:
    given_pieces = [Piece(number, 100.0 * number, noise(length)) for number, length in enumerate(lengths)]
    found = list(packed(given_pieces, longest_s=30))
    assert all(0 < len(one.samples) <= 30 * SPEECH_RATE_HZ + 1 for one in found)
    everything = [one.samples for one in found]
    expected = [piece.samples for piece in given_pieces]
    assert np.array_equal(np.concatenate([*everything, noise(0)]), np.concatenate([*expected, noise(0)]))
    assert [piece.window for one in found for piece in one.pieces] == sorted(
        piece.window for one in found for piece in one.pieces
    )
