"""The language of a text: of a single word, of a few words, of several languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.text.language import text_language, usual_languages

UDHR = Path(__file__).parents[1] / "data" / "udhr"


def _found(text: str, *usual: str) -> tuple[str, bool]:
    """Return the language found, and whether there is a warning."""
    found = text_language(text, name="note.txt", usual=lambda: usual or ("pt", "en"))
    return found.language, bool(found.warnings)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Olá", "pt"),
        ("Olá!\n", "pt"),
        ("Obrigado", "pt"),
        ("Bom dia.", "pt"),
        ("Hello", "en"),
        ("OK", "en"),
        ("Thank you!", "en"),
        ("Bonjour", "fr"),
        ("Danke.", "de"),
        ("Ciao", "it"),
        ("Gracias", "es"),
        ("Привет", "ru"),
        ("こんにちは", "ja"),
        ("안녕하세요", "ko"),
        ("%PDF is a format for documents", "en"),
        ("Até amanhã, minha querida.", "pt"),
        ("The meeting starts tomorrow morning at nine.", "en"),
    ],
)
def test_a_greeting_or_a_sentence_is_certain(text: str, language: str) -> None:
    assert _found(text) == (language, False)


@pytest.mark.parametrize(
    ("text", "usual", "language"),
    [
        ("Maria", ("pt", "en"), "en"),
        ("Casa", ("pt", "en"), "pt"),
        ("Hola", ("es", "en"), "es"),
        ("Hej", ("da", "en"), "da"),
        ("مرحبا", ("pt", "en"), "ar"),
    ],
)
def test_a_word_is_in_one_of_the_usual_languages_and_a_warning_says_so(
    text: str, usual: tuple[str, ...], language: str
) -> None:
    assert _found(text, *usual) == (language, True)


def test_a_language_that_is_not_usual_is_found_if_the_words_are_clearly_not_of_a_usual_one() -> None:
    language, _ = _found("BMW pomaže vozačima da čuvaju prirodu i smanje potrošnju.", "en", "pl")
    assert language in ("hr", "sr", "sl")


def test_the_warning_says_how_to_set_the_language() -> None:
    (warning,) = text_language("Casa", name="note.txt", usual=lambda: ("pt", "en")).warnings
    assert "taken for Portuguese" in warning and "note.txt.job.yaml" in warning and "language: pt" in warning


@pytest.mark.parametrize(
    ("text", "nearby", "language"),
    [("Casa", "es", "es"), ("Casa", "ro", "ro"), ("Maria", "pt-BR", "pt"), ("Hola", "ca", "ca"), ("2024", "de", "de")],
)
def test_a_word_is_taken_for_the_language_of_the_files_beside_it(text: str, nearby: str, language: str) -> None:
    found = text_language(text, name="note.txt", usual=lambda: ("pt", "en"), nearby=nearby)
    assert found.language == language and found.warnings and not found.is_certain


@pytest.mark.parametrize(
    ("text", "language"),
    [("Привет", "ru"), ("The meeting starts tomorrow morning at nine.", "en"), ("Obrigado", "pt"), ("Hola", "es")],
)
def test_words_that_cannot_be_in_the_language_of_the_files_beside_it_are_not(text: str, language: str) -> None:
    assert text_language(text, name="note.txt", usual=lambda: ("es", "en"), nearby="de").language == language


def test_a_text_without_letters_is_assumed_to_be_english() -> None:
    assert _found("2024, 12:30") == ("en", True)


def test_a_text_in_two_languages_is_reported() -> None:
    english = "The house is white, and the garden behind it is green and full of old trees.\n"
    portuguese = "A casa é branca, e o jardim atrás dela é verde e cheio de árvores antigas.\n"
    found = text_language(english * 6 + portuguese * 4, name="note.txt", usual=lambda: ())
    assert found.language in ("en", "pt") and "in Portuguese, not English" in found.warnings[0]
    assert text_language(english * 20 + portuguese, name="note.txt", usual=lambda: ()).warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "O professor disse que não havia aula. The teacher said that there was no class. Os alunos ficaram contentes.",
        "Bom dia - Good morning\nObrigado - Thank you\nAté logo - See you later\nComo está? - How are you?\n",
        "Dear Ana,\nthank you for your letter. We will see you soon.\n\nQuerida Ana,\nobrigada pela tua carta.",
    ],
)
def test_languages_that_alternate_within_a_paragraph_are_reported(text: str) -> None:
    found = text_language(text, name="note.txt", usual=lambda: ("pt", "en"))
    assert found.language in ("en", "pt") and "seem to be in" in found.warnings[0]


def test_a_text_in_one_language_is_not_taken_for_a_mixed_one() -> None:
    assert _found("« Qui ? » demanda-t-il. « Moi. » Il rit.", "fr") == ("fr", False)
    for path in UDHR.glob("*.txt"):
        text = path.read_text("utf-8")
        for size in (150, 800):
            found = text_language(text[-size:].partition(" ")[2], name="a", usual=lambda: ())
            assert not [one for one in found.warnings if "seem to be in" in one], path.stem


@pytest.mark.parametrize("text", ["x1=Qa; y2=Zo; z3=Ku", "Reykjavik", "Kuala Lumpur", "Siobhan Llewellyn"])
def test_codes_and_names_are_in_a_usual_language(text: str) -> None:
    assert _found(text, "pt", "en") in (("en", True), ("pt", True))


def test_the_usual_languages_are_the_targets_and_what_can_be_translated_into_them() -> None:
    assert usual_languages(["pt"], lambda source, target: (source, target) == ("en", "pt")) == ("pt", "en")
    assert usual_languages(["pt"], lambda _source, _target: False)[:3] == ("pt", "en", "pt")
