"""One notion of where a sentence ends, for translation, speech, subtitles and paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.text_for_speech import parts
from dropdub.pipeline.artifacts import Segment
from dropdub.sentence_ends import MARKS, ends_sentence, is_abbreviation, sentences, surely_ends_sentence
from dropdub.speech.sentences import sentences_of


@pytest.mark.parametrize(
    "text",
    [
        "Ontem o Sr. Silva e a Dra. Costa chegaram.",
        "Mr. Smith and Dr. Jones met J. R. Tolkien.",
        "Das gilt z. B. Montags, d. h. immer, u. U. nie.",
        "It costs 3.5 euros at www.example.org today.",
        "Veja a fig. 3 e o art. 5 da lei, pág. 12.",
        "Take some, e.g. Apples, etc. and so on.",
        "Well… maybe not.",
        "«Quem?» perguntou ela.",
        "1. Introduction",
        "Ele nasceu no séc. XX em Lisboa.",
    ],
)
def test_a_mark_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "found",
    [
        ["It rained.", "We stayed in."],
        ["Really?!", "Yes…", "Come in."],
        ['He said "Stop."', "Then he left."],
        ["(He came late.)", "Nobody minded."],
        ["It was 1990.", "He left."],
        ["I love art.", "He does not."],
        ["No.", "I do not."],
        ["Foi assim que é.", "Depois saímos."],
        ["He left at 5 p.m.", "She stayed."],
        ["Where are you?", "¿Dónde estás?"],
        ["كيف حالك؟", "بخير."],
        ["यह है।", "वह नहीं।"],
        ["i was there.", "then we left."],
    ],
)
def test_a_sentence_ends_at_its_mark(found: list[str]) -> None:
    assert sentences(" ".join(found)) == found


@pytest.mark.parametrize(
    "found", [["今日は雨です。", "明日は晴れ！？", "本当？"], ["「はい。」", "「いいえ。」"], ["你好！", "再见。"]]
)
def test_wide_marks_end_a_sentence_without_a_space_and_keep_what_closes_it(found: list[str]) -> None:
    assert sentences("".join(found)) == found


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        *[("Yes.", True), ("Really?”", True), ("はい。」", True), ("Well…", True), ("etc...", True), ("art.", True)],
        *[("Yes", False), ("Dr.", False), ("the Sr.", False), ("J.", False), ("so,", False), ("", False)],
    ],
)
def test_whether_a_text_ends_a_sentence_depends_on_the_text_alone(text: str, ends: bool) -> None:
    assert ends_sentence(text) is ends


@pytest.mark.parametrize("text", ["Yes.", "Really?", "He said “Stop.”", "Vi-o.", "It rose by 10%."])
def test_some_texts_end_a_sentence_whatever_follows(text: str) -> None:
    assert surely_ends_sentence(text) and ends_sentence(text)


@pytest.mark.parametrize("text", ["Well…", "Well...", "«Quem?»", "in 1990.", "etc.", "art.", "at 5 p.m.", "I.", ""])
def test_other_texts_may_continue(text: str) -> None:
    assert not surely_ends_sentence(text)


@pytest.mark.parametrize(
    ("word", "is_one"), [("Dr", True), ("e.g", True), ("J", True), ("I", False), ("p.m", False), ("é", False)]
)
def test_abbreviations_are_distinguished_from_words(word: str, is_one: bool) -> None:
    assert is_abbreviation(word) is is_one


PIECES = st.lists(st.sampled_from(["Dr", "z", "B", "é", "word", "Word", "3", *MARKS, " ", "”", "(", "\n"]), max_size=60)


@given(PIECES.map("".join))
def test_only_white_space_is_lost(text: str) -> None:
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in found)


def test_sentences_translated_as_one_are_spoken_as_one() -> None:
    text = (
        "Yesterday we all met Dr. Silva there. She had brought z. B. flowers and 3.5 kilos of sugar. What a day it was!"
    )
    translated = [sentence.text for sentence in sentences_of([Segment(0, 0.0, 9.0, text)])]
    assert translated == parts(text, limit=200) and len(translated) == 3


def test_a_title_at_a_segments_end_does_not_end_the_sentence() -> None:
    said = [Segment(0, 0.0, 2.0, "Yesterday I met Dr."), Segment(1, 2.0, 4.0, "Silva in Lisbon.")]
    assert [one.text for one in sentences_of(said)] == ["Yesterday I met Dr. Silva in Lisbon."]
