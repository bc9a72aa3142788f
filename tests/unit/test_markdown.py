"""Markdown: what of it is read aloud, and what it cannot do to us."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.text.documents import read_prose
from dropdub.text.markdown import STRETCH, markdown_blocks
from dropdub.text.reading import heading_of, paragraphs

MARKS = st.text(alphabet="ab .\n\n#=-+*_`~<>!?[]()^:|\\&;/\"'1\t漢\u00a0", max_size=200)
A_PARAGRAPH = "It was a **dark** night, see [here](http://x.org/a);\nand `so` on, for a long time, until the day.\n\n"


def read(text: str) -> list[str]:
    return list(markdown_blocks(text))


def test_headings_of_both_kinds_keep_their_level() -> None:
    assert read("Title\n=====\n\nPart\n---\nText.\n### Deep ###\n#\n") == ["# Title", "## Part", "Text.", "### Deep"]


def test_a_heading_in_a_list_or_a_quotation_begins_no_chapter() -> None:
    found = read("> # Quoted\n\n- # Listed\n\n\\# Written\n")
    assert found == ["Quoted", "- Listed", "Written"]
    assert not any(map(heading_of, found))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("`<br>` and &lt;br>", "<br> and <br>"),
        ("**bold**, _leaning_, ***both*** and ~~struck~~", "bold, leaning, both and struck"),
        ("`code` and snake_case and 2*3*4", "code and snake_case and 2*3*4"),
        ('[here](http://x.org/a_b "Title") and [there][r]\n\n[r]: http://y.org', "here and there"),
        ("![a *black* dog](dog.png) [![badge](b.svg)](http://x.org)", "a black dog badge"),
        ("Said so[^1], and [^note] again", "Said so, and again"),
        ("One <!-- two\nthree --> four<br>five <b>six</b>", "One four five six"),
        ("Salt &amp; pepper \\* \\_", "Salt & pepper * _"),
        ("One  \ntwo\\\nthree\n漢字\n仮名", "One two three 漢字仮名"),
        ("> One\n> two\n", "One two"),
        ("> [!NOTE]\n> Careful.", "Careful."),
    ],
)
def test_the_words_of_a_paragraph_are_read_and_its_marks_are_not(written: str, words: str) -> None:
    assert read(written) == [words]


@pytest.mark.parametrize(
    "silent",
    [
        *("```python\nprint(1)\n```", "~~~\nx", "    indented()", "***", "- - -", "[r]: http://y.org"),
        *("<!-- one\n\n# two -->", "<!-- not closed", "<script>\nx = 1\n</script>", "<?php x ?>", "<hr/>", "[^1]"),
    ],
)
def test_a_block_without_words_is_not_read(silent: str) -> None:
    assert read(f"Before.\n\n{silent}") == ["Before."]


def test_the_words_of_a_block_of_html_are_read() -> None:
    assert read("<div class='a'>\n<p>Shown &amp; read.</p>\n</div>\n\nText.") == ["Shown & read.", "Text."]
    assert read("<!-- hidden --> Shown.\n") == ["Shown."]


def test_items_of_a_list_are_lines_of_one_paragraph_and_lists_with_blank_lines_are_paragraphs() -> None:
    assert read("- a\n  more\n- b\n  - c\n") == ["- a more\n- b\n- c"]
    assert read("* a\n\n  goes on\n\n  ```\n  code\n  ```\n\n* b\n") == ["- a", "goes on", "- b"]
    assert paragraphs("\n\n".join(read("+ a\n+ b\n"))) == ["- a\n- b"]


def test_numbered_items_are_counted_and_boxes_are_not_read() -> None:
    assert read("3. a\n3. b\n3. c") == ["3. a\n4. b\n5. c"]
    assert read("- [ ] a\n- [x] b\n- - c") == ["- a\n- b\n- c"]


def test_a_table_is_read_row_by_row() -> None:
    table = "| Name | Age |\n|:-----|----:|\n| **Anna** | 12 |\n| Who? | a \\| b |\n| | 3 |\n"
    assert read(table) == ["Name; Age", "Anna; 12", "Who? a | b", "3"]


def test_footnotes_are_read_where_they_appear() -> None:
    assert read("Text.[^a]\n\n[^a]: One.\n[^2]: word\n\n    More.\n") == ["Text.", "- One.", "- word", "More."]


@pytest.mark.parametrize("end", ["---", "..."])
def test_front_matter_is_not_read(end: str) -> None:
    assert read(f"---\ntitle: x\n# a comment\ntags:\n- a\n\nlist: [\n  b\n]\n{end}\nText.") == ["Text."]
    assert read("+++\ntitle = 'x'\n+++\nText.") == ["Text."]


def test_a_rule_at_the_top_hides_no_words() -> None:
    assert read("---\n\nNote: it begins.\nSo it goes on.\n\n---\n\nText.") == [
        *("Note: it begins. So it goes on.", "Text."),
    ]
    assert read("---\ntitle: never closed") == ["title: never closed"]


@given(MARKS | st.text(max_size=100))
def test_any_text_is_read_and_every_paragraph_read_has_words(text: str) -> None:
    assert all(block.strip() and not block.startswith("\n") for block in read(text))


@given(st.lists(st.text(alphabet="abc é漢", min_size=1).map(str.strip).filter(bool), max_size=5))
def test_a_plain_text_loses_nothing(words: list[str]) -> None:
    text = "\n\n".join(words)
    assert read(text) == paragraphs(text)


@pytest.mark.parametrize("nest", ["> ", "- ", "1. ", "[", "![", "**a ", "> - "])
def test_deep_nesting_is_not_followed(nest: str) -> None:
    assert len(read("Before.\n\n" + nest * 3000 + "x")) >= 1


@pytest.mark.parametrize("garbage", ["[", "![[](", "<!-- ", "<a ", "*a_ ", "[a](", "`a``b", "|-", "[^a", "<a href='"])
def test_garbage_takes_time_in_proportion_to_its_length(garbage: str) -> None:
    def seconds(characters: int) -> float:
        began = time.process_time()
        read("x" + garbage * (characters // len(garbage)))
        return time.process_time() - began

    assert seconds(4 * STRETCH) < max(10 * seconds(STRETCH), 1.0)


@pytest.mark.slow
def test_a_megabyte_is_read_in_a_small_part_of_the_time_of_a_step() -> None:
    began = time.process_time()
    found = read(A_PARAGRAPH * (1_000_000 // len(A_PARAGRAPH)))
    assert time.process_time() - began < 12.0
    assert set(found) == {"It was a dark night, see here; and so on, for a long time, until the day."}


def test_a_paragraph_that_is_parsed_in_pieces_loses_no_words() -> None:
    [found] = read("words of *it*\n" * (STRETCH // 4))
    assert found.count("words of it") == STRETCH // 4


def test_only_a_file_named_as_markdown_is_read_as_markdown(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text("Title\n=====\n\n**Text**\n", encoding="utf-8")
    assert read_prose(path, name="a.MD") == read_prose(path, name="a.markdown") == "# Title\n\nText"
    assert read_prose(path, name="a.txt") == read_prose(path, name="a") == "Title\n=====\n\n**Text**\n"
