"""Speech verified: understood or not, and where it should have ended."""

from __future__ import annotations

import pytest

from dropdub.dubbing.verification import judge, likeness
from dropdub.engines.base import Word


def heard(text: str, *, each_s: float = 0.4) -> list[Word]:
    return [Word(at * each_s, at * each_s + 0.35, word, 0.9) for at, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("text", "words", "good"),
    [
        ("O nosso homem bom é velho.", "o nosso homem bom é velho", True),
        ("O nosso homem bom é velho.", "O nosso homem bom e velho!", True),
        ("O nosso homem bom é velho.", "", False),
        ("O nosso homem bom é velho.", "seis sete doze", False),
        ("We have 12 dogs.", "we have twelve dogs", True),
        ("We have twelve dogs.", "cats", False),
        ("We have 12 dogs.", "cats", False),
        ("We saw the letters there.", "be so the lettuce their", False),
        ("We saw the letters there.", "we saw a letter there", True),
        ("We saw the house.", "we saw mouse", True),
        ("Yes.", "yeah", True),
        ("Yes.", "no", False),
        ("Yes.", "", False),
        ("No, thanks.", "no tanks", True),
        ("No, thanks.", "uh huh", False),
        ("…", "", True),
    ],
)
def test_a_line_is_good_unless_more_than_half_of_its_words_are_heard_otherwise(
    text: str, words: str, good: bool
) -> None:
    assert judge(text, heard(words), 2.5).good is good


def test_babble_after_the_last_word_is_noticed_with_its_start() -> None:
    verdict = judge("We went home.", heard("we went home uh the the"), 2.4)
    assert verdict.good
    assert verdict.end_s == pytest.approx(1.15)
    long_tail = judge("We went home.", heard("we went home"), 4.0)
    assert long_tail.end_s == pytest.approx(1.15)


def test_only_what_follows_the_last_word_is_babble() -> None:
    assert judge("We went home.", heard("we went hone"), 4.0).end_s is None, "it may be the last word"


def test_no_said_words_are_taken_for_babble_where_a_text_repeats_itself() -> None:
    """Nothing said may be cut off because a word before it was not heard."""
    sentences = "Today you open our door with the new friend. I want your green window. The cat is near our old city. "
    twice = (sentences * 3).split()
    del twice[28], twice[7]
    verdict = judge(sentences * 3, heard(" ".join(twice)), len(twice) * 0.4)
    assert verdict.errors.errors == 2 and verdict.end_s is None and verdict.heard.endswith("our old city.")


def test_a_verdict_with_more_words_understood_is_better_and_a_good_one_better_still() -> None:
    good, poor, worst = (judge("Yes, we can.", heard(text), 1.0) for text in ("yes we scan", "no we scan", "uh"))
    assert good.rank > poor.rank > worst.rank
    assert judge("Yes.", heard("yeah"), 1.0).rank > judge("Yes.", heard("no"), 1.0).rank


def test_speech_that_ends_with_its_last_word_is_left_alone() -> None:
    assert judge("We went home.", heard("we went home"), 1.3).end_s is None
    assert judge("We went home.", heard("cats"), 4.0).end_s is None, "nothing is known of where it should end"


def test_likeness_is_one_for_the_same_words_and_zero_for_none() -> None:
    assert likeness("É isso, José!", "e isso jose") == 1.0
    assert likeness("We went home.", "") == 0.0
