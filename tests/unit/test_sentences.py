"""Sentences put together over segments, and translations given back to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.translating.wordings import fitting, looks_wrong
from dropdub.pipeline.artifacts import Segment
from dropdub.speech.sentences import cut, sentences_of, split_over_segments

WORDS = st.text("abcdeé", min_size=1, max_size=8)
TEXTS = st.lists(
    WORDS.map(lambda word: word) | WORDS.map(lambda word: word + ".") | WORDS.map(lambda w: w + ","), min_size=1
)


def talk(*texts: str, pause_s: float = 0.3, speakers: str | None = None) -> list[Segment]:
    """Return segments of a tenth of a second for each character, one after another."""
    found, at = [], 0.0
    for number, text in enumerate(texts):
        end = at + len(text) / 10
        found.append(Segment(number, at, end, text, speaker=speakers[number] if speakers else None))
        at = end + pause_s
    return found


def said(segments: list[Segment]) -> list[str]:
    return [sentence.text for sentence in sentences_of(segments)]


def test_a_sentence_over_several_segments_becomes_one() -> None:
    assert said(talk("When the rain", "had stopped", "we went home.", "It was late.")) == [
        "When the rain had stopped we went home.",
        "It was late.",
    ]


def test_a_segment_with_several_sentences_is_split() -> None:
    assert said(talk("It rains. We stay. The cat", "sleeps.")) == ["It rains.", "We stay.", "The cat sleeps."]


@pytest.mark.parametrize(
    "segments",
    [
        talk("We went", "home.", pause_s=5.0),
        talk("We went", "Home.", pause_s=2.0),
        talk("we went", "home.", pause_s=2.0),
        talk("We went", "home.", speakers="AB"),
    ],
    ids=["a very long pause", "a capital after a pause", "a pause in a text without capitals", "another speaker"],
)
def test_a_sentence_ends_at(segments: list[Segment]) -> None:
    assert said(segments) == [one.text for one in segments]


def test_a_sentence_continues_after_a_pause_with_a_small_letter() -> None:
    assert said(talk("We went", "home.", pause_s=3.0)) == ["We went home."]


def test_without_punctuation_each_segment_stands_alone() -> None:
    assert said(talk("and so my fellow", "americans ask not", "what your country")) == [
        "and so my fellow",
        "americans ask not",
        "what your country",
    ]


def test_a_sentence_does_not_grow_without_limit() -> None:
    found = said([*talk(*["word " * 15] * 20), Segment(20, 999.0, 1000.0, "The end."), Segment(21, 1001, 1002, "Yes.")])
    assert max(map(len, found)) < 500


def test_the_translation_is_split_by_time_and_preferably_after_a_comma() -> None:
    segments = talk("When the rain had stopped", "we went home together.")
    found = sentences_of(segments)
    translated = {found[0].text: "Quando a chuva parou, fomos juntos para casa."}
    assert split_over_segments(found, translated, language="pt") == {
        0: "Quando a chuva parou,",
        1: "fomos juntos para casa.",
    }


@pytest.mark.parametrize(
    ("translated", "parts"),
    [
        ("Não pergunte o que o seu país pode fazer", ["Não pergunte", "o que o seu país pode fazer"]),
        ("Não pergunte ao país que o chama", ["Não pergunte", "ao país que o chama"]),
    ],
    ids=["an article", "a preposition"],
)
def test_a_translation_is_not_cut_after(translated: str, parts: list[str]) -> None:
    """Before a pause, such a word is stressed, and heard as another: `o` as `ó`."""
    shares = [len(parts[0]) + 3.0, len(parts[1]) - 3.0]
    assert cut(translated, shares, language="pt") == parts
    assert cut(translated, shares, language="und") != parts, "the rule is one of each language"


def test_a_script_without_spaces_is_cut_between_letters() -> None:
    assert cut("我们一起回家了", [1.0, 1.0], language="zh") == ["我们一起", "回家了"]
    assert cut("มะมะ มะมะ", [1.0, 1.0], language="th") == ["มะมะ", "มะมะ"]


@pytest.mark.parametrize(
    "text", ["We met with Dr. Silva there", "Paguei só R$ 5,00 por tudo", "Moro na Av. Paulista desde ontem"]
)
def test_a_translation_is_not_cut_behind_an_abbreviation(text: str) -> None:
    bound = max(text.find(mark) + len(mark) for mark in ("Dr.", "R$", "Av.") if mark in text)
    first, _ = cut(text, [float(bound), float(len(text) - bound)], language="und")
    assert not first.endswith((".", "$"))


@given(st.lists(WORDS, min_size=1, max_size=40), st.lists(st.floats(0, 9), min_size=1, max_size=8))
def test_cutting_loses_no_word_and_leaves_no_avoidably_empty_part(words: list[str], shares: list[float]) -> None:
    parts = cut(" ".join(words), shares, language="pt")
    assert len(parts) == len(shares)
    assert " ".join(filter(None, parts)).split() == words
    if len(words) >= len(shares) and len(words) > 1:
        assert all(parts)


@given(st.lists(TEXTS.map(" ".join), min_size=1, max_size=12))
def test_every_word_is_in_one_sentence_and_returns_to_its_segment(texts: list[str]) -> None:
    segments = talk(*texts)
    found = sentences_of(segments)
    assert " ".join(sentence.text for sentence in found).split() == " ".join(texts).split()
    back = split_over_segments(found, {sentence.text: sentence.text for sentence in found}, language="pt")
    assert " ".join(back[segment.id] for segment in segments).split() == " ".join(texts).split()
    assert set(back) == {segment.id for segment in segments}


def test_the_likeliest_wording_of_matching_length_is_chosen() -> None:
    source = "x" * 40
    assert fitting(source, ["y" * 60, "y" * 43, "y" * 40]) == "y" * 43
    assert fitting(source, ["y" * 46, "y" * 100]) == "y" * 46, "a little longer can be spoken a little faster"
    assert fitting(source, ["y" * 20, "y" * 10]) == "y" * 20
    assert fitting(source, ["y" * 90, "y" * 60]) == "y" * 60


@pytest.mark.parametrize(
    ("translation", "wrong"),
    [
        ("O nosso homem bom é velho.", False),
        ("", True),
        ("o homem é bom e o homem é bom e o homem é bom e", True),
        ("o homem " * 40, True),
        ("Sim, sim, sim!", False),
    ],
)
def test_loops_and_rambling_are_detected(translation: str, wrong: bool) -> None:
    assert looks_wrong("Our good man is old.", translation) is wrong


def test_the_numbers_of_a_countdown_are_sentences_of_their_own() -> None:
    assert said(talk("3", "2", "1", "The house is white.")) == ["3", "2", "1", "The house is white."]
    assert said(talk("There were", "25", "people.")) == ["There were 25 people."]
