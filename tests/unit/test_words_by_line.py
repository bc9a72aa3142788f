"""Words heard in joined lines are returned to their lines: by their text first, by their time where that is equal."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dropdub.dubbing.listening import LONGEST_S, PAUSE_S, joined
from dropdub.dubbing.words_by_line import words_by_line
from dropdub.engines.base import Word
from dropdub.media.sound.spans import Span

TEXTS = ("We went home.", "My book is small.", "It was cold.")
SPANS = (Span(0.0, 2.0), Span(2.8, 5.0), Span(5.8, 8.0))


def at(start: float, text: str, each_s: float = 0.5) -> list[Word]:
    return [Word(start + n * each_s, start + (n + 1) * each_s, word, 1.0) for n, word in enumerate(text.split())]


def given_to(words: Sequence[Word], texts: Sequence[str] = TEXTS, spans: Sequence[Span] = SPANS) -> list[str]:
    return [" ".join(word.text for word in line) for line in words_by_line(texts, spans, words)]


def test_each_line_gets_its_words() -> None:
    words = [*at(0.1, "We went home."), *at(2.9, "My book is small."), *at(5.9, "It was cold")]
    assert given_to(words) == ["We went home.", "My book is small.", "It was cold"]


def test_a_line_that_was_not_understood_takes_nothing_from_its_neighbours() -> None:
    assert given_to([*at(0.1, "We went home."), *at(5.9, "It was cold")]) == ["We went home.", "", "It was cold"]
    garbled = [*at(0.1, "We went home."), *at(2.9, "uh huh the rain"), *at(5.9, "It was cold")]
    assert given_to(garbled) == ["We went home.", "uh huh the rain", "It was cold"]


def test_of_equal_lines_the_time_decides() -> None:
    assert given_to(at(2.9, "Yes"), ("Yes.", "Yes.", "Yes.")) == ["", "Yes", ""]
    assert given_to([*at(0.2, "Yes"), *at(6.0, "Yes")], ("Yes.", "Yes.", "Yes.")) == ["Yes", "", "Yes"]


def test_invented_words_between_lines_belong_to_the_nearer_one() -> None:
    words = [*at(0.1, "We went home"), *at(1.7, "uh", 0.2), *at(2.9, "My book is small"), *at(5.9, "It was cold")]
    assert given_to(words)[:2] == ["We went home uh", "My book is small"]


def test_a_word_stretched_over_a_pause_stays_with_its_line() -> None:
    words = [*at(0.1, "We went home"), Word(1.6, 3.2, "My", 1.0), *at(3.2, "book is small"), *at(5.9, "It was cold")]
    assert given_to(words) == ["We went home", "My book is small", "It was cold"]


def test_without_word_times_the_texts_decide() -> None:
    words = [Word(0.0, 8.0, word, 1.0) for word in ("we", "went", "home", "my", "bock", "small", "it", "was")]
    assert given_to(words) == ["we went home", "my bock small", "it was"]


@given(st.lists(st.sampled_from(("we", "went", "home", "my", "is", "cold", "12")), max_size=12), st.floats(0.0, 6.0))
def test_every_word_is_given_to_one_line_in_order(words: list[str], start: float) -> None:
    assert " ".join(given_to(at(start, " ".join(words)))).split() == words


@given(st.lists(st.floats(0.1, 45.0), max_size=40))
def test_lines_are_joined_in_order_into_full_windows(lengths: list[float]) -> None:
    groups = joined(lengths)
    assert [number for group in groups for number in group] == [*range(len(lengths))]
    whole = [sum(lengths[number] for number in group) + PAUSE_S * (len(group) - 1) for group in groups]
    assert all(s <= LONGEST_S or len(group) == 1 for s, group in zip(whole, groups, strict=True))
    firsts = [lengths[group[0]] for group in groups[1:]]
    assert all(s + PAUSE_S + first > LONGEST_S for s, first in zip(whole, firsts, strict=False))
