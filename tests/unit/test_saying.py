"""How a text that is said is cut, how fast it is spoken and in which language."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.dubbing.pace import FASTEST, SLOWEST, pace_of
from dropdub.dubbing.said_pieces import CLAUSE_PAUSE_S, SENTENCE_PAUSE_S, said_pieces
from dropdub.engines.hibari import HibariSynthesizer
from dropdub.errors import UsageError
from dropdub.text.language import language_to_speak

LONG = (
    "Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in liberty, "
    "and dedicated to the proposition that all men are created equal. Now we are engaged in a civil war. It works."
)


def texts(text: str) -> list[str]:
    return [piece.text for piece in said_pieces(text)]


def test_pieces_are_sentences_and_the_first_ends_early() -> None:
    pieces = said_pieces("Well, when in the course of events, it is necessary to dissolve the bands, we do. It is so.")
    assert [(piece.text, piece.pause_s) for piece in pieces] == [
        ("Well, when in the course of events,", CLAUSE_PAUSE_S),
        ("it is necessary to dissolve the bands, we do.", SENTENCE_PAUSE_S),
        ("It is so.", 0.0),
    ]


def test_first_piece_is_longer_if_its_first_clause_is() -> None:
    assert texts(LONG)[:2] == [
        "Four score and seven years ago our fathers brought forth on this continent,",
        "a new nation, conceived in liberty, and dedicated to the proposition that all men are created equal.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A short sentence, with a comma.",
        "This sentence has no comma at all although it has many more words than the first piece usually has.",
        "Yes, this sentence has one comma only and it comes after a single word which nobody says alone.",
    ],
)
def test_sentence_that_cannot_be_cut_well_stays_whole(text: str) -> None:
    assert texts(text) == [text]


def test_text_without_spaces_is_cut_by_its_own_marks() -> None:
    found = texts("我们今天在这里讨论一个非常重要的问题，它关系到我们每一个人的生活，也关系到我们的未来。")
    assert found == ["我们今天在这里讨论一个非常重要的问题，", "它关系到我们每一个人的生活，也关系到我们的未来。"]


def test_paragraphs_and_list_items_end_a_piece() -> None:
    assert texts("# The first heading here\n\n- Buy some apples\n- Buy some pears") == [
        "The first heading here",
        "Buy some apples.",
        "Buy some pears",
    ]


@pytest.mark.parametrize("text", ["", " \n", "…", "♪ la la ♪"])
def test_text_without_words_has_no_pieces(text: str) -> None:
    assert said_pieces(text) == []


WORDS = st.lists(st.sampled_from(["word", "other,", "end.", "é", "3", "\n\n", "—", "明天，"]), max_size=80).map(
    " ".join
)


@given(WORDS.map(" ".join))
def test_nothing_is_lost(text: str) -> None:
    def letters(of: str) -> str:
        return "".join(filter(str.isalnum, of))

    pieces = said_pieces(text)
    assert letters("".join(piece.text for piece in pieces)) == letters(text)
    assert [piece.pause_s > 0 for piece in pieces] == [True] * (len(pieces) - 1) + [False] * bool(pieces)


@given(st.floats(SLOWEST, FASTEST))
def test_every_speed_is_reached_by_the_rate_and_a_stretch(speed: float) -> None:
    stated: Any = HibariSynthesizer()
    usual: Any = SimpleNamespace()
    for engine in (stated, usual):
        pace = pace_of(engine, speed)
        assert pace.rate * pace.stretch == pytest.approx(speed, rel=0.011)
    assert pace_of(stated, 2.0).stretch == 1.0 and pace_of(usual, 2.0).rate < 2.0


@pytest.mark.parametrize("speed", [0.24, 4.1, 0.0, -1.0, float("nan"), float("inf")])
def test_other_speeds_are_refused(speed: float) -> None:
    engine: Any = SimpleNamespace()
    with pytest.raises(UsageError, match="not between"):
        pace_of(engine, speed)


@pytest.mark.parametrize(
    ("text", "voices", "language", "warning"),
    [
        ("Hoje é um dia bonito para passear no parque.", {"pt", "en"}, "pt", ""),
        ("Obrigado", {"pt", "en"}, "pt", ""),
        ("123", {"pt", "en"}, "en", "It is not certain in which language the text is: it was taken for English."),
        ("今日は天気がいいので散歩に行きます。", {"ja"}, "ja", ""),
        (
            "Heute ist ein schöner Tag für einen Spaziergang.",
            {"en", "nl"},
            "nl",
            "The text seems to be in German, for which there is no voice here: it was spoken as Dutch.",
        ),
        ("Heute ist ein schöner Tag für einen Spaziergang.", set(), "de", ""),
    ],
)
def test_language_is_that_of_the_text_as_far_as_there_is_a_voice(
    text: str, voices: set[str], language: str, warning: str
) -> None:
    found = language_to_speak(text, speaks=voices.__contains__)
    assert (found.language, "".join(found.warnings)) == (language, warning)
