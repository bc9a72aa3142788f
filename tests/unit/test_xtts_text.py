"""What XTTS is given is short enough, however its reader spells it out, and unreadable text is reported."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.xtts.input_text import LIMITS, Reader, is_spoken, spoken_languages

MOST = 60


@dataclass
class SpellingOut:
    """A tokenizer that makes eight tokens of a digit, one of a letter, and knows no number beyond 99."""

    def encode(self, txt: str, lang: str) -> list[int]:
        assert lang in LIMITS
        if any(len(word) > 2 and word.isdigit() for word in txt.split()):
            raise OverflowError(txt)
        if "#" in txt:
            raise KeyError("#")
        return [0] * sum(8 if one.isdigit() else 1 for one in txt)


def read(text: str) -> tuple[list[str], list[str]]:
    reader = Reader(SpellingOut(), most_tokens=MOST)
    return reader.parts(text, "pt"), reader.unreadable


def test_a_number_without_a_name_is_read_digit_by_digit() -> None:
    assert read("Foi em 123 ou 45") == (["Foi em 1 2 3 ou 4 5"], [])


def test_unreadable_text_is_reported_and_the_rest_is_read() -> None:
    assert read("Isto aqui vai muito bem. E nada # se lê aqui.") == (
        ["Isto aqui vai muito bem."],
        ["E nada # se lê aqui."],
    )


@given(st.text("ab 19.,", max_size=400))
def test_each_part_has_room_and_no_character_that_is_said_is_lost(text: str) -> None:
    parts, unreadable = read(text)
    assert unreadable == []
    assert all(len(SpellingOut().encode(part, "pt")) < MOST and len(part) <= LIMITS["pt"] for part in parts)
    said = [[one for one in given if one.isalnum()] for given in (text, "".join(parts))]
    assert said[0] == said[1]


def test_languages_are_known() -> None:
    assert is_spoken("pt-BR")
    assert not is_spoken("tlh")
    assert "pt" in spoken_languages()
