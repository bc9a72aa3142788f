"""The tokens of Parakeet are joined to words, and text in another language than expected is noticed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dropdub.engines.base import Utterance, Word
from dropdub.engines.parakeet.language_check import LEAST_CHARACTERS, other_languages
from dropdub.engines.parakeet.tokens import LONGEST_TOKEN_S, Token, words_of

PROSE = Path(__file__).parents[1] / "data" / "prose"


def heard(*tokens: tuple[str, float], log_probability: float = -0.1) -> list[Word]:
    return words_of([Token(text, start, log_probability) for text, start in tokens])


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


def test_parts_of_words_are_joined_with_the_punctuation_after_them() -> None:
    found = heard((" A", 0.0), ("mer", 0.16), ("icans", 0.4), (",", 0.48), (" ask", 0.8), (" not", 1.04), (".", 2.8))
    assert texts(found) == [" Americans,", " ask", " not."]
    assert [word.start for word in found] == [0.0, 0.8, 1.04]


def test_a_word_ends_with_its_last_token_and_not_with_a_full_stop_after_the_pause() -> None:
    first, second = heard((" good", 1.0), (".", 3.2), (" We", 4.0))
    assert (first.text, first.end) == (" good.", 1.0 + LONGEST_TOKEN_S)
    assert second.start == 4.0


def test_a_word_ends_at_the_latest_where_the_next_one_starts() -> None:
    first, second = heard((" so", 1.0), (" my", 1.08))
    assert first.end == second.start == 1.08


def test_punctuation_that_opens_belongs_to_the_word_after_it() -> None:
    assert texts(heard((" Hola", 0.0), (".", 0.3), (" ¿", 0.5), ("Qué", 0.6), ("?", 0.9))) == [" Hola.", " ¿Qué?"]
    assert texts(heard((" (", 0.0), (" so", 0.1), (" —", 0.3), (" yes", 0.4), (" )", 0.5))) == [" (so—", " yes)"]
    assert texts(heard(("so", 0.0), (" ,", 0.2), (" yes", 0.4))) == [" so,", " yes"]


def test_tokens_that_are_no_text_are_left_out() -> None:
    assert texts(heard((" so", 0.0), ("<unk>", 0.1), ("<|endoftext|>", 0.2), ("me", 0.3))) == [" some"]
    assert heard(("<unk>", 0.0)) == heard() == []


def test_the_probability_of_a_word_is_the_geometric_mean_of_its_parts_without_punctuation() -> None:
    [word] = words_of([Token(" fel", 0.0, math.log(0.9)), Token("low", 0.1, math.log(0.4)), Token(".", 0.2, -9.0)])
    assert word.probability == pytest.approx(0.6)


def said(*sentences: str, start: float = 10.0) -> list[Utterance]:
    return [Utterance(start + 5 * place, start + 5 * place + 4, text) for place, text in enumerate(sentences)]


def prose(language: str) -> list[str]:
    return (PROSE / f"{language}.txt").read_text(encoding="utf-8").split("\n")[:3]


LANGUAGES = ("en", "pt", "es", "de", "fr", "it")


@pytest.mark.parametrize("language", ["pt", "es", "de", "fr"])
def test_long_text_in_another_language_is_noticed_with_its_times(language: str) -> None:
    [found] = other_languages(said(" ".join(prose(language))), language="en", among=LANGUAGES)
    assert (found.start, found.end, found.language) == (10.0, 14.0, language)
    assert not list(other_languages(said(" ".join(prose(language))), language=f"{language}-XX", among=LANGUAGES))


def test_each_stretch_is_judged_on_its_own() -> None:
    speech = said(*(" ".join(prose(language)) for language in ("en", "pt", "en")))
    [found] = other_languages(speech, language="en", among=LANGUAGES)
    assert (found.start, found.language) == (15.0, "pt")


def test_a_little_text_is_judged_with_its_neighbours_or_not_at_all() -> None:
    short = ["A viagem era curta.", "Falou da lua e dos ministros.", "Sentou-se ao pé de mim.", "Não fez mal nenhum."]
    assert len(" ".join(short)) < LEAST_CHARACTERS
    assert not list(other_languages(said(*short), language="en", among=LANGUAGES))
    [found] = other_languages(said(*short, "Sim senhor.", "Sim."), language="en", among=LANGUAGES)
    assert (found.start, found.end, found.language) == (10.0, 39.0, "pt")
