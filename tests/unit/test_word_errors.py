"""The word error rate's counts: what counts as a word, and what as an error."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.dubbing.error_counts import WordErrors
from dropdub.dubbing.word_errors import word_errors

WORDS = st.lists(st.sampled_from(["casa", "rio", "mar", "sol"]), min_size=1, max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("text", "heard", "words", "errors"),
    [
        ("É isso, José!", "e isso jose", 3, 0),
        ("We went home.", "we home", 3, 1),
        ("We went home.", "we all went to home", 3, 2),
        ("We went home.", "", 3, 3),
        ("It's well-known", "its well known", 3, 0),
        ("我们回家", "我们回", 4, 1),
        ("हिन्दी है", "हिन्दी है", 2, 0),
        ("We have 12 dogs.", "we have twelve dogs", 4, 0),
        ("We have twelve dogs.", "we have 12 dogs", 4, 0),
        ("We have 12 dogs.", "we have 15 dogs", 4, 1),
        ("We have 12 dogs.", "we have dogs", 4, 1),
        ("Em 1985 ele nasceu.", "em mil novecentos e oitenta e cinco ele nasceu", 4, 0),
        ("1,000 men", "1000 men", 2, 0),
        ("12", "a b c d e f", 1, 1),
        ("They can't, they won't.", "they cannot they will not", 5, 0),
        ("lower-case letters", "lowercase letters", 3, 0),
        ("lowercase letters", "lower case letters", 2, 0),
        ("the colour", "the color", 2, 1),
        ("", "12 dogs", 0, 2),
        ("…", "", 0, 0),
    ],
)
def test_words_are_compared_as_they_sound(text: str, heard: str, words: int, errors: int) -> None:
    assert word_errors(text, heard) == WordErrors(words, errors)


@given(WORDS, WORDS)
def test_the_rate_is_the_standard_word_error_rate(text: str, heard: str) -> None:
    assert word_errors(text, heard).rate == pytest.approx(jiwer.wer(text, heard))


def test_without_words_there_is_no_rate() -> None:
    assert word_errors("", "we").rate is None
