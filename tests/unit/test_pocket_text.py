"""What Pocket TTS is given to read."""

from __future__ import annotations

import pytest

from dropdub.engines.pocket.input_text import LONGEST_PART, parts_for
from dropdub.engines.pocket.numbers import spelled_out


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("pt", "Em 2026, 3,5 % a mais.", "Em dois mil e vinte e seis, três vírgula cinco por cento a mais."),
        ("pt-BR", "São 16 dias.", "São dezesseis dias."),
        ("pt-PT", "São 16 dias.", "São dezasseis dias."),
        ("pt", "O 1º lugar, às 12:30.", "O primeiro lugar, às doze trinta."),
        ("pt", "A 21ª vez, 2ª-feira.", "A vigésima primeira vez, segunda-feira."),
        ("pt", "R$ 1.500,00 e US$ 3", "mil e quinhentos reais e três dólares"),
        ("pt", "R$ 1,00, US$ 5 milhões e € 2 mil", "um real, cinco milhões de dólares e dois mil euros"),
        ("pt", "Em 25/12, de 5-6.", "Em vinte e cinco doze, de cinco seis."),
        ("de", "am 3. Oktober, für 1.500 €", "am dritten Oktober, für eintausendfünfhundert Euro"),
        ("en", "$1, R$ 2 and $3 million", "one dollar, two reais and three million dollars"),
        ("pt", "Ligue 007.", "Ligue zero zero sete."),
        ("pt", "O B2B cresce.", "O B dois B cresce."),
        ("en", "On the 3rd, $19.50.", "On the third, nineteen point five dollars."),
        ("en", "1,234 people, v1.2.3", "one thousand, two hundred and thirty-four people, v one two three"),
        ("de", "21 Leute, 3,5 %", "einundzwanzig Leute, drei Komma fünf Prozent"),
        ("es", "El 5º de 21", "El quinto de veintiuno"),
        ("es", "La 3ª calle", "La tercera calle"),
        ("fr", "Il a 80 ans.", "Il a quatre-vingts ans."),
        ("fr", "Le 1er mai, la 1re fois, au 19e siècle.", "Le premier mai, la première fois, au dix-neuvième siècle."),
        ("it", "Sono 1.000 euro.", "Sono mille euro."),
        ("it", "La 2ª via, il 2º piano", "La seconda via, il secondo piano"),
        ("nl", "Er zijn 21 mensen.", "Er zijn eenentwintig mensen."),
        ("nl", "De 2e keer, de 20ste.", "De tweede keer, de twintigste."),
        ("pt", "٣ coisas", "três coisas"),
        ("pt", "Sem números,  fica igual.", "Sem números,  fica igual."),
    ],
)
def test_numbers_are_written_as_words(language: str, text: str, said: str) -> None:
    pytest.importorskip("num2words", reason="it comes with the extra 'pocket'")
    assert spelled_out(text, language) == said


@pytest.mark.parametrize("language", ["pt", "pt-PT", "en", "de", "es", "fr", "it", "nl"])
@pytest.mark.parametrize(
    "text", ["1" * 40, "0,5", "1.234.567,89", "10^-9 = 0,000000001", "$", "5 %%", "9.9.9.9", "1,", "99º"]
)
def test_no_digit_is_left_whatever_the_number(language: str, text: str) -> None:
    pytest.importorskip("num2words", reason="it comes with the extra 'pocket'")
    assert not any(one.isdigit() for one in spelled_out(text, language))


def test_sentences_are_parts_and_long_ones_are_halved_until_they_fit() -> None:
    text = "Uma frase curta aqui. E " + "palavra e outra palavra, " * 12 + "fim."
    parts = parts_for(text, "pt", fits=lambda part: len(part) <= 60)
    assert parts[0] == "Uma frase curta aqui."
    assert all(len(part) <= 60 for part in parts) and " ".join(parts) == text
    assert all(len(part) <= LONGEST_PART for part in parts_for(text, "pt", fits=lambda _: True))


@pytest.mark.parametrize("text", ["", " \n", "...", "[Música]", "😀", "«»"])
def test_a_text_without_words_has_no_parts(text: str) -> None:
    assert parts_for(text, "pt", fits=lambda _: True) == []


def test_a_letter_that_never_fits_is_still_given() -> None:
    assert parts_for("ab", "pt", fits=lambda _: False) == ["a", "b"]
