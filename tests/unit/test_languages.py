"""Language tags and the language of a text."""

from __future__ import annotations

import pytest

from dropdub.languages import (
    UNDETERMINED,
    detect_text_language,
    display_name,
    primary,
    region,
    same_language,
    script,
    standard_tag,
    three_letters,
)

SENTENCES = {
    "en": "The meeting starts tomorrow morning at nine.",
    "pt": "A reunião começa amanhã de manhã às nove horas.",
    "es": "La reunión empieza mañana por la mañana a las nueve.",
    "fr": "La réunion commence demain matin à neuf heures.",
    "de": "Die Besprechung beginnt morgen früh um neun Uhr.",
}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("pt", "pt"),
        ("pt-BR", "pt"),
        ("pt_BR", "pt"),
        ("por", "pt"),
        ("ENG", "en"),
        ("zh-Hans-CN", "zh"),
        ("tlh", "tlh"),
    ],
)
def test_the_primary_language_of_a_tag_is_its_two_letter_code(tag: str, expected: str) -> None:
    assert primary(tag) == expected


def test_language_codes_of_matroska_files_are_known() -> None:
    assert [primary(code) for code in ("fre", "ger", "dut", "chi", "por")] == ["fr", "de", "nl", "zh", "pt"]


def test_codes_that_the_standard_has_withdrawn_are_known() -> None:
    assert [primary(code) for code in ("scc", "scr", "mol", "iw", "fil")] == ["sr", "hr", "ro", "he", "tl"]


def test_three_letter_codes_convert_from_tags_and_back() -> None:
    assert three_letters("pt-BR") == "por"
    assert primary(three_letters("en")) == "en"
    assert three_letters("tlh") == "tlh"


def test_display_names_are_readable() -> None:
    assert display_name("pt-BR") == "Portuguese (BR)"
    assert display_name("eng") == "English"
    assert display_name("tlh") == "tlh"


def test_regions_of_a_language_are_the_same_language() -> None:
    assert same_language("pt", "pt-BR")
    assert same_language("eng", "en-GB")
    assert not same_language("pt", "es")


@pytest.mark.parametrize(("tag", "sentence"), SENTENCES.items())
def test_the_language_of_a_sentence_is_detected(tag: str, sentence: str) -> None:
    assert detect_text_language(sentence) == tag
    assert detect_text_language(sentence, among=list(SENTENCES)) == tag


def test_the_detected_tag_is_one_of_those_given() -> None:
    assert detect_text_language(SENTENCES["pt"], among=["en", "pt-BR"]) == "pt-BR"
    assert detect_text_language(SENTENCES["de"], among=["en"]) == "en"
    assert detect_text_language(SENTENCES["de"], among=["tlh", "xx"]) == "tlh"


@pytest.mark.parametrize("text", ["", "   ", "123 !?", "😀"])
def test_a_text_without_letters_gets_the_first_tag(text: str) -> None:
    assert detect_text_language(text, among=["pt", "en"]) == "pt"
    assert detect_text_language(text) == UNDETERMINED


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("pob", "pt-BR"),
        ("spl", "es-419"),
        ("PTG", "pt-PT"),
        ("cht", "zh-Hant"),
        ("zhs", "zh-Hans"),
        ("pt_BR", "pt-BR"),
        ("en", "en"),
    ],
)
def test_codes_that_programs_made_up_mean_a_language_with_its_region_or_script(code: str, tag: str) -> None:
    assert standard_tag(code) == tag
    assert (primary(code), region(code), script(code)) == (primary(tag), region(tag), script(tag))
