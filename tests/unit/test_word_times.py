"""Times of words fit the sound: no word lasts over a pause, and the first one begins with the voice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Word
from dropdub.engines.hearing.word_times import fitted, sounds


def sound(*parts: tuple[float, float]) -> Samples:
    """Return stretches of noise; each part is (seconds, level in dBFS)."""
    random = np.random.default_rng(0)
    return np.concatenate(
        [random.normal(0, 10 ** (level / 20), round(s * SPEECH_RATE_HZ)).astype(np.float32) for s, level in parts]
    )


def words(*times: tuple[float, float]) -> list[Word]:
    return [Word(start, end, f"w{number}", 0.9) for number, (start, end) in enumerate(times)]


def times(found: tuple[Word, ...]) -> list[tuple[float, float]]:
    return [(round(word.start, 2), round(word.end, 2)) for word in found]


@pytest.mark.parametrize("noise", [-90.0, -45.0])
def test_sounds_are_found_between_pauses_above_any_steady_noise(noise: float) -> None:
    found = sounds(sound((0.5, noise), (1.0, -20), (0.1, noise), (0.5, -22), (0.8, noise), (0.6, -25), (0.4, noise)))
    assert np.allclose(found, [(0.5, 2.1), (2.9, 3.5)], atol=0.03)


def test_steady_sound_is_one_and_hardly_any_sound_is_none() -> None:
    assert np.allclose(sounds(sound((2.0, -20))), [(0.0, 2.0)], atol=0.02)
    assert sounds(np.zeros(0, np.float32)) == []
    assert sounds(np.zeros(100, np.float32)) == []


def test_a_word_stretched_over_a_pause_is_said_where_it_sounds() -> None:
    found = fitted(words((0.3, 2.25), (2.25, 3.87), (3.87, 4.3)), [(0.3, 2.2), (3.3, 4.4)])
    assert times(found) == [(0.3, 2.2), (3.3, 3.87), (3.87, 4.4)]


def test_a_word_that_begins_too_early_belongs_to_the_sound_in_which_it_ends() -> None:
    """As Whisper base aligned "the exhibition. In being": it attended to "in" before the pause."""
    found = fitted(words((9.8, 10.48), (10.48, 11.34), (11.34, 11.6)), [(5.5, 10.68), (11.23, 13.0)])
    assert times(found) == [(9.8, 10.68), (11.23, 11.34), (11.34, 11.6)]
    reaching = fitted(words((0.0, 1.02), (1.02, 1.5)), [(0.0, 0.7), (1.0, 1.5)])
    assert times(reaching) == [(0.0, 0.7), (1.0, 1.5)], "a word that only reaches into the next sound is not said there"


def test_a_squeezed_word_begins_with_its_sound_even_if_that_is_further() -> None:
    assert times(fitted(words((0.6, 0.62), (1.0, 1.4)), [(0.0, 1.4)])) == [(0.0, 0.62), (1.0, 1.4)]
    assert times(fitted(words((0.6, 0.9), (1.0, 1.4)), [(0.0, 1.4)]))[0] == (0.6, 0.9)


def test_first_and_last_words_reach_the_edges_of_their_sound_unless_these_are_far() -> None:
    found = fitted(words((0.7, 1.0), (1.0, 1.2), (3.8, 4.0)), [(0.5, 1.6), (3.0, 4.1)])
    assert times(found) == [(0.5, 1.0), (1.0, 1.6), (3.8, 4.1)]


def test_words_without_length_get_some_from_their_neighbours() -> None:
    assert times(fitted(words((0.0, 1.0), (1.0, 1.0), (1.0, 1.4)), [(0.0, 1.4)])) == [
        (0.0, 0.95),
        (0.95, 1.0),
        (1.0, 1.4),
    ]


def test_without_words_or_sounds_nothing_changes() -> None:
    assert fitted([], [(0.0, 1.0)]) == ()
    assert times(fitted(words((0.1, 0.4)), [])) == [(0.1, 0.4)]


moments = st.floats(0, 10, allow_nan=False)


@given(st.lists(moments, max_size=20), st.lists(moments, min_size=2, max_size=8, unique=True))
def test_words_stay_in_order_within_sounds_and_none_is_lost(of_words: list[float], of_sounds: list[float]) -> None:
    edges, marks = sorted(of_words), sorted(of_sounds)
    given_words = words(*pairwise(edges))
    found_sounds = list(zip(marks[:-1:2], marks[1::2], strict=True))
    found = fitted(given_words, found_sounds)
    assert [word.text for word in found] == [word.text for word in given_words]
    starts = [word.start for word in found]
    assert starts == sorted(starts)
    assert all(word.start <= word.end for word in found)
    assert all(
        any(first - 0.001 <= word.start and word.end <= last + 0.001 for first, last in found_sounds) for word in found
    )
    assert all(before.end <= after.start + 0.001 for before, after in pairwise(found))
