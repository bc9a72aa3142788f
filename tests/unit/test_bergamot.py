"""What a small model must not see is kept from it, and nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.base import EngineSettings
from dropdub.engines.bergamot.capitals import in_sentence_case, is_shouted
from dropdub.engines.bergamot.engine import BergamotTranslator
from dropdub.engines.bergamot.marks import lifted, put_back
from dropdub.engines.bergamot.pairs import files_of, installed, route
from dropdub.engines.bergamot.sentence import best
from dropdub.engines.bergamot.text import LONGEST, cut, translated

PIECES = st.sampled_from(
    [
        "Hello",
        "you",
        "<i>",
        "</i>",
        "♪",
        "😀",
        "{\\an8}",
        ". ",
        "! ",
        "\n",
        " ",
        "www.a.com",
        "x@y.org",
        "@ana",
        "12",
        "-",
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


class FakeModel:
    """Answers a sentence with the same words, in brackets of its own, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, sentence: str) -> str:
        self.asked.append(sentence)
        return sentence


def asked(text: str) -> list[str]:
    """Return the sentences that a model is given for a text, which it must get back unchanged."""
    model = FakeModel()
    assert translated(text, model, language="en") == text
    return model.asked


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello.  How are you?  ", ["Hello.", "How are you?"]),
        ("Three. Three. Three.", ["Three."] * 3),
        ("One line,\n  and another.", ["One line,", "and another."]),
        ("<i>Hello, my friend.</i>", ["Hello, my friend."]),
        ("{\\an8}Hello there.", ["Hello there."]),
        ("Hello.</i> <b>Fine.</b>", ["Hello.", "Fine."]),
        ("♪ La la la ♪", ["La la la"]),
        ("I see! 😀 Really?", ["I see!", "Really?"]),
        ("- Who is it?", ["Who is it?"]),
        ("Dr. Smith went home. He slept.", ["Dr. Smith went home.", "He slept."]),
        ("See https://a.com/b?c=1, ana@a.com or @ana.", ["See Xq0, Xq1 or Xq2."]),
        ("One<br>two", ["One", "two"]),
    ],
)
def test_a_model_is_given_plain_sentences_one_by_one(text: str, sentences: list[str]) -> None:
    assert asked(text) == sentences


@pytest.mark.parametrize(
    "text", ["", " ", "12/31", "...", "♪", "<i></i>", "😀 😀", "www.a.com", "ana@a.com", "\n\n", "-"]
)
def test_a_text_without_words_is_not_translated(text: str) -> None:
    assert asked(text) == []


@given(TEXTS)
def test_whatever_is_kept_from_a_model_comes_back(text: str) -> None:
    found = translated(text, lambda sentence: sentence, language="en")
    assert sorted("".join(found.split())) == sorted("".join(text.split()))
    assert "".join(cut(text.replace("\n", ""))) == text.replace("\n", "")


@given(TEXTS)
def test_no_sentence_is_lost_if_a_model_gives_nothing(text: str) -> None:
    assert translated(text, lambda _: "", language="en") == text


def test_a_mark_returns_to_the_nearest_word_boundary() -> None:
    source = lifted("I said <i>Hello</i> to ♪ him.")
    assert source.bare == "I said Hello to him."
    assert put_back(source.bare, "Eu disse Olá a ele.", source.marks) == "Eu disse <i>Olá</i> a ♪ ele."
    assert put_back(source.bare, "Olá.", source.marks).replace(" ", "") == "<i></i>♪Olá."


def test_names_that_a_model_changes_are_put_back_like_marks() -> None:
    def forgetful(sentence: str) -> str:
        return "Veja isso agora." if "Xq" in sentence else "Veja agora."

    assert translated("See www.a.com now.", forgetful, language="en") == "Veja www.a.com agora."


def test_a_sentence_in_capitals_is_translated_in_small_letters() -> None:
    answers = {"Hello world": "Olá, mundo!", "Where am I going?": "Aonde vou?", "See Xq0 today!": "Veja Xq0 hoje!"}
    for text, wanted in [
        ("HELLO WORLD", "OLÁ, MUNDO!"),
        ("WHERE AM I GOING?", "AONDE VOU?"),
        ("SEE www.a.com TODAY!", "VEJA www.a.com HOJE!"),
    ]:
        assert translated(text, answers.__getitem__, language="en") == wanted


@pytest.mark.parametrize(
    ("sentence", "loud"),
    [
        ("NASA", False),
        ("STOP!", True),
        ("Hello", False),
        ("I", False),
        ("US EU", False),
        ("GO HOME", True),
        ("好", False),
    ],
)
def test_an_acronym_is_not_shouted(sentence: str, loud: bool) -> None:
    assert is_shouted(sentence) == loud


def test_sentence_case_keeps_the_english_i() -> None:
    assert in_sentence_case('"YES, I AM"', language="en-GB") == '"Yes, I am"'
    assert in_sentence_case("¿QUÉ Y CÓMO?", language="es") == "¿Qué y cómo?"


def test_a_long_sentence_is_translated_in_parts() -> None:
    text = "the man went home, " * 60 + "and slept."
    assert all(len(sentence) <= LONGEST for sentence in asked(text))


def test_a_model_that_gives_nothing_is_asked_in_another_way() -> None:
    assert best("Well.", {"Well.": "", "Well": "Bem"}.__getitem__) == "Bem"
    assert best("Well", {"Well": " ", "Well.": "Bem."}.__getitem__) == "Bem."
    assert best("Well.", lambda _: "") == ""


def test_what_a_model_adds_to_a_short_sentence_is_left_out() -> None:
    answers = {"Thank you.": "Obrigado por enviar uma edição.", "(Thank you.)": "(Obrigado.)"}
    assert best("Thank you.", answers.__getitem__) == "Obrigado."
    kept = {"Quanto custa?": "How much does it cost?", "(Quanto custa?)": "(How much is it?)"}
    assert best("Quanto custa?", kept.__getitem__) == "How much does it cost?"


def make_pair(models: Path, pair: str, *names: str) -> None:
    folder = models / f"bergamot-{pair}"
    folder.mkdir(parents=True)
    code = pair.replace("-", "")
    for name in names or ("model.{}.intgemm.alphas.bin", "lex.50.50.{}.s2t.bin", "vocab.{}.spm"):
        (folder / name.format(code)).write_text("here", encoding="utf-8")


def test_a_pair_is_there_if_all_its_files_are(tmp_path: Path) -> None:
    make_pair(tmp_path, "en-pt")
    make_pair(tmp_path, "en-ja", "model.{}.intgemm8.bin", "lex.50.50.{}.s2t.bin", "srcvocab.{}.spm", "trgvocab.{}.spm")
    make_pair(tmp_path, "en-de", "model.{}.intgemm.alphas.bin", "lex.50.50.{}.s2t.bin")
    make_pair(tmp_path, "en-fr", "model.enpt.intgemm.alphas.bin", "lex.50.50.{}.s2t.bin", "vocab.{}.spm")
    assert installed(tmp_path) == ("bergamot-en-ja", "bergamot-en-pt")
    japanese = files_of(tmp_path / "bergamot-en-ja")
    assert japanese and (japanese.source_words.name, japanese.target_words.name) == (
        "srcvocab.enja.spm",
        "trgvocab.enja.spm",
    )


def test_a_pair_without_a_model_goes_through_english(tmp_path: Path) -> None:
    for pair in ("es-en", "en-pt", "pt-en"):
        make_pair(tmp_path, pair)
    assert route(tmp_path, "en", "pt-BR") == ("bergamot-en-pt",)
    assert route(tmp_path, "es", "pt") == ("bergamot-es-en", "bergamot-en-pt")
    assert route(tmp_path, "pt", "pt-BR") == route(tmp_path, "pt", "es") == ()
    make_pair(tmp_path, "es-pt")
    assert route(tmp_path, "es", "pt") == ("bergamot-es-pt",)


def test_the_models_to_download_are_those_that_the_catalogue_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"bergamot-en-pt", "bergamot-es-en"}
    monkeypatch.setattr("dropdub.engines.bergamot.pairs.find", lambda name: name if name in known else None)
    engine = BergamotTranslator(EngineSettings(models_dir=tmp_path))
    assert engine.missing_model() and engine.coverage() == "nothing: it has no model"
    assert engine.missing_models("en", "pt-PT") == ("bergamot-en-pt",)
    assert engine.missing_models("es", "pt") == ("bergamot-es-en", "bergamot-en-pt")
    assert engine.missing_models("de", "pt") == ()
    make_pair(tmp_path, "es-en")
    assert engine.missing_models("es", "pt") == ("bergamot-en-pt",)
    make_pair(tmp_path, "en-pt")
    assert engine.missing_models("es", "pt") == () and engine.missing_model() is None
    assert engine.coverage() == "en to pt, es to en"
