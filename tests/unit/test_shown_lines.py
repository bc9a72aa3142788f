"""The places of words in the lines of a page."""

from __future__ import annotations

from dropdub.web.lines.transcripts import SpokenLine, SpokenWord
from dropdub.web.pages.lines import shown_lines


def places(text: str, *words: str) -> str:
    """Return the places of words, one said each half second of a line that starts at 60 s."""
    spoken = [SpokenWord(word, 60 + number / 2, 60.4 + number / 2) for number, word in enumerate(words)]
    [line] = shown_lines([SpokenLine(1, 60.0, 70.0, text, None, spoken)])
    return line.places()


def test_a_word_has_the_characters_before_it_its_length_and_its_time() -> None:
    assert places("Ask not, friends", " Ask", "not,", "friends") == "0 3 0 1 4 50 1 7 100"


def test_words_that_cleanup_has_changed_or_moved_far_away_are_left_out() -> None:
    assert places("One two", "um", "One", "", "two") == "0 3 50 1 3 150"
    assert places(f"a {'.' * 60} b", "a", "b") == "0 1 0"


def test_characters_are_counted_as_browsers_do() -> None:
    assert places("é 😀😀 fim", "é", "😀😀", "fim") == "0 1 0 1 4 50 1 3 100"


def test_a_line_without_times_of_its_words_has_no_places() -> None:
    assert places("Hello.") == ""


def test_a_turn_starts_when_somebody_else_speaks() -> None:
    lines = [SpokenLine(n, n, n + 1, "x", speaker) for n, speaker in enumerate(("A", "A", "B"), start=1)]
    assert [line.starts_turn for line in shown_lines(lines)] == [True, False, True]
