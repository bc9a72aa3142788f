"""The source of web pages in a text: the words are read, the markup is not."""

from __future__ import annotations

import pytest

from dropdub.text.other_formats import other_text_format
from dropdub.text.pasted_page import without_page_markup


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<p>Ol&aacute;, <b>irm&atilde;o</b>!</p>\n<p>Fim.</p>", "Olá, irmão!\n\nFim."),
        ("Um <i>texto</i> só.\n\nOutro &amp; mais.", "Um texto só.\n\nOutro & mais."),
        ("Ol&aacute;, irm&atilde;o.\nN&#227;o.", "Olá, irmão.\nNão."),
        (
            "<!DOCTYPE html>\n<html><head><title>x</title><style>p{}\n\nq{}</style></head>\n<h1>A</h1><p>B</p></html>",
            "# A\n\nB",
        ),
        ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">\n<html><body><p>Oi</p></body></html>', "Oi"),
    ],
)
def test_tags_and_entities_of_a_page_are_not_read(text: str, read: str) -> None:
    assert without_page_markup(text) == read


@pytest.mark.parametrize(
    "text", ["If a < b and c > d, then go.\n\n- x", "Write to <ana@x.pt>.", "AT&T; R&D; <b> is a tag", ""]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_page_markup(text) == text


def test_many_tags_take_linear_time() -> None:
    assert without_page_markup("<b <b " * 20_000 + "\n\n" + "<b>x</b>\n\n" * 2_000).count("x") == 2_000


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<?xml version="1.0"?>\n<FictionBook xmlns="x"><body/></FictionBook>', "FictionBook"),
        ('<?xml version="1.0"?>\n<data>Hello</data>', "XML"),
        ('<svg xmlns="x"><text>Hi</text></svg>', "XML"),
        ('{"title": "Hello"}', "JSON"),
        ('[\n {"text": "Hello"}]', "JSON"),
        ("% a comment\n\\documentclass{article}\n", "LaTeX"),
        ("BEGIN:VCARD\nN:Silva;Ana\n", "card"),
        ("From: a@b.pt\nTo: c@d.pt,\n e@f.pt\nContent-Transfer-Encoding: base64\n\nQ2Fy\n", "mail"),
    ],
)
def test_what_is_written_for_programs_is_named(text: str, what: str) -> None:
    found = other_text_format(text)
    assert found is not None and what in found.what


@pytest.mark.parametrize(
    "text",
    [
        "From: Ana\nTo: Rui\n\nCaro Rui, amanhã há reunião.",
        "{A note}",
        "[1] See page 5.",
        "<html><p>Oi</p></html>",
        '<?xml version="1.0"?>\n<html><p>Oi</p></html>',
        "\\o/ hello",
        "BEGIN: here",
        "",
    ],
)
def test_letters_notes_and_pages_are_texts(text: str) -> None:
    assert other_text_format(text) is None
