"""Text files: their characters, their paragraphs and what is spoken of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dropdub.errors import NotText
from dropdub.text.markdown import markdown_blocks
from dropdub.text.reading import looks_like_text, marked, paragraphs, pieces, read_text, spoken

PORTUGUESE = "Olá! A reunião começa às nove da manhã, não às dez.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_characters_are_read_in_each_usual_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(PORTUGUESE.replace("\n", "\r\n").encode(encoding))
    assert read_text(path) == PORTUGUESE


def test_pre_unicode_cyrillic_is_read(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes("Он сказал, что придёт завтра утром.".encode("cp1251"))
    assert read_text(path) == "Он сказал, что придёт завтра утром."


def test_a_character_cut_at_the_end_of_the_head_does_not_matter() -> None:
    assert looks_like_text("é".encode() * 10 + "é".encode()[:1])


@pytest.mark.parametrize(
    "data",
    [b"MZ\x00\x01", random.Random(7).randbytes(5000), bytes(random.Random(7).choices(range(1, 256), k=300))],
)
def test_bytes_that_are_not_text_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(data)
    assert not looks_like_text(data)
    with pytest.raises(NotText, match=r"note\.txt"):
        read_text(path)


def test_paragraphs_are_split_at_blank_lines_and_their_lines_joined() -> None:
    text = "One\n  two.\n \nThree.\n\n\n\n漢字\n仮名\n"
    assert paragraphs(text) == ["One two.", "Three.", "漢字仮名"]


def test_headings_and_list_items_keep_lines_of_their_own() -> None:
    text = "# Title\nText that\ngoes on.\n- one\n  more\n- two\n\n1. first\n2) second"
    assert paragraphs(text) == ["# Title\nText that goes on.\n- one more\n- two", "1. first\n2) second"]


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("## Title", ("## ", "Title")),
        ("> - item", ("> - ", "item")),
        ("12. item", ("12. ", "item")),
        ("3.14 is pi", ("", "3.14 is pi")),
        ("-5 degrees", ("", "-5 degrees")),
    ],
)
def test_a_marker_is_distinguished_from_words(line: str, parts: tuple[str, str]) -> None:
    assert marked(line) == parts


def test_markup_is_not_read_aloud_but_the_numbers_of_a_list_are() -> None:
    assert spoken("# The title\nThe **dog** is _old_.") == "The title. The dog is old."
    assert spoken("- one\n- two\n2. see [here](http://x.org/a_b)") == "one. two. 2. see here"
    assert spoken("snake_case and 2*3*4 stay") == "snake_case and 2*3*4 stay"


def test_long_texts_come_in_pieces_of_whole_sentences() -> None:
    text = "One two. Three! Four five six seven eight? 漢字。仮名。"
    found = pieces(text, longest=16)
    assert found == ["One two. Three!", "Four five six", "seven eight? 漢字。", "仮名。"]
    assert pieces("") == [] and pieces("short") == ["short"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("at number\n42. Then he moved in\n1984. Why in\n12. He never told.", None),
        ("It was day\n1. He left in\nthe rain.", None),
        ("He was\n7) years old.", None),
        ("1. one\n2. two\n3. three", ["1. one", "2. two", "3. three"]),
        ("Buy:\n1. flour\n2. sugar", ["Buy:", "1. flour", "2. sugar"]),
        ("See\n1) one\n2) two", ["See", "1) one", "2) two"]),
        ("1. one\n   1. inner\n   2. other\n2. two", ["1. one", "1. inner", "2. other", "2. two"]),
        ("Top three\n3. x\n2. y\n1. z", ["Top three", "3. x", "2. y", "1. z"]),
        ("1. one\n1. inner\n2. other\n2. two", ["1. one", "1. inner", "2. other", "2. two"]),
        ("1. one\n1. two\n1. three", ["1. one", "1. two", "1. three"]),
        ("1. He lived at number\n42. Then he left\n2. two", ["1. He lived at number 42. Then he left", "2. two"]),
        ("12. He came\nand left.", ["12. He came and left."]),
    ],
)
def test_a_number_begins_an_item_only_in_a_list(text: str, found: list[str] | None) -> None:
    assert paragraphs(text) == ["\n".join(found) if found else " ".join(text.split())]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("impor-\ntant informa-\ntion to the well-\nknown teacher", "important information to the well-known teacher"),
        ("important. co-op impor-\ntant co-\nop", "important. co-op important co-op"),
        ("fá-\nlo dir-te-\nei sentar-\nse disse-me", "fá-lo dir-te-ei sentar-se disse-me"),
        ("peque-\nno, aná-\nlise, fa-\nlar", "pequeno, análise, falar"),
        ("guarda-\nchuva segunda-\nfeira", "guarda-chuva segunda-feira"),
        ("peut-\nêtre a-t-\nil mer-\nci", "peut-être a-t-il merci"),
        ("Vor-\nund Nachteile, Anglo-\nSaxon, e-\nmail", "Vor- und Nachteile, Anglo-Saxon, e-mail"),
        ("pages 12-\n15, twenty-\nfive, high-\ner, mother-in-\nlaw", "pages 12-15, twenty-five, higher, mother-in-law"),
        ("He said -\nno. Yes —\nno.", "He said - no. Yes — no."),
        ("impor\u2010\ntant, impor¬\ntant", "important, important"),
    ],
)
def test_words_divided_at_a_lines_end_are_put_together(text: str, found: str) -> None:
    assert paragraphs(text) == [found]
    assert list(markdown_blocks(text)) == [found]


def test_korean_lines_are_joined_with_a_space() -> None:
    assert paragraphs("나는 오늘 아침에 일찍\n일어나서 학교에 갔다.") == ["나는 오늘 아침에 일찍 일어나서 학교에 갔다."]


def test_joining_lines_takes_linear_time_for_hyphens_and_numbers() -> None:
    assert len(paragraphs("a-\n" * 50_000 + "1. b\n" * 50_000)) == 1
