"""What a neural synthesizer is given: nothing lost, nothing too long, nothing unspeakable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.speaking.text_for_speech import is_speakable, parts, plain

WORDS = st.text("abcdeéç1", min_size=1, max_size=12)
ENDS = st.sampled_from([" ", ". ", ", ", "? ", "; ", "… ", "\n", "\n\n", ": ", " – "])
TEXTS = st.lists(st.builds(str.__add__, WORDS, ENDS), min_size=1, max_size=60).map("".join)


def letters(text: str) -> str:
    return "".join(one for one in text if one.isalnum())


@given(TEXTS, st.integers(20, 250))
def test_every_word_is_in_one_part_and_each_part_is_within_the_limit(text: str, limit: int) -> None:
    found = parts(text, limit=limit)
    assert letters("".join(found)) == letters(text)
    assert all(len(part) <= limit and is_speakable(part) and part == part.strip() for part in found)


def test_cuts_at_sentences_then_clauses_then_words() -> None:
    text = "It rained all day long. When it had stopped at last, we went out into the garden and looked at the roses."
    assert parts(text, limit=60) == [
        "It rained all day long.",
        "When it had stopped at last,",
        "we went out into the garden and looked at the roses.",
    ]
    assert parts("word " * 30, limit=40) == ["word word word word word word word word"] * 3 + ["word " * 5 + "word"]


@pytest.mark.parametrize(
    "text",
    [
        "I saw Mr. Smith there yesterday with Dr. Jones.",
        "Ontem o Sr. Silva e a Sra. Costa foram ao hospital.",
        "Vi João F. Kennedy ontem, às 5 p.m. ou antes, etc. e tal.",
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert parts(text, limit=200) == [text]
    assert all(len(part) <= 30 for part in parts(text, limit=30))


def test_one_or_two_words_join_a_neighbour() -> None:
    assert parts("Yes. We went home together. Oh no!", limit=200) == ["Yes. We went home together. Oh no!"]
    assert parts("Yes.", limit=200) == ["Yes."]


@pytest.mark.parametrize("text", ["", "  \n\n ", "...", "– … !", "\x00\x07"])
def test_text_without_a_letter_is_not_spoken(text: str) -> None:
    assert parts(text, limit=200) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("See https://www.example.org/a/b?c=d.", "See example org."),
        ("Write to ana.silva@example.com, please.", "Write to ana silva example com, please."),
        ("Line one\nline\ttwo\x00.", "Line one line two ."),
        ("It costs 1.250,50 € (12 %).", "It costs 1.250,50 € (12 %)."),
        ("www.example.org", "example org"),
    ],
)
def test_addresses_and_control_characters_become_words(text: str, said: str) -> None:
    assert plain(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("[Music]", False), ("♪ la la ♪", False), ("…", False), ("[Door] Come in.", True), ("(Yes.)", True), ("5", True)],
)
def test_sound_descriptions_are_not_spoken(text: str, said: bool) -> None:
    assert is_speakable(text) is said
