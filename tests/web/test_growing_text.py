"""Texts that come in chunks, as a language model writes them, cut at the ends of sentences."""

from __future__ import annotations

import pytest

from dropdub.web.wyoming.growing_text import LONGEST, GrowingText


def spoken(chunks: list[str]) -> list[str]:
    """Return what is passed on after each chunk and at the end, without what is empty."""
    text = GrowingText()
    return [part for part in (*map(text.add, chunks), text.finish()) if part]


TEXT = "Hello Dr. Silva, it is 3.5 degrees. Shall I close the window? Yes, at 9 p.m. tomorrow! Fine."


@pytest.mark.parametrize("size", [1, 2, 7, 30, 1000])
def test_no_chunk_ends_a_sentence_inside_a_word_an_abbreviation_or_a_number(size: int) -> None:
    parts = spoken([TEXT[at : at + size] for at in range(0, len(TEXT), size)])
    assert " ".join(parts) == TEXT
    ends = {"degrees.", "window?", "tomorrow!", "Fine."}
    assert {part.split()[-1] for part in parts} <= ends


def test_a_sentence_is_passed_on_once_the_next_word_is_complete() -> None:
    text = GrowingText()
    assert text.add("It is late. Go") == ""
    assert text.add(" home") == "It is late."
    assert text.finish() == "Go home"


def test_chinese_sentences_are_passed_on_without_a_space() -> None:
    assert spoken(["今天天气", "很好。我们", "出去吧。"]) == ["今天天气很好。", "我们出去吧。"]


def test_a_text_without_sentences_is_cut_at_a_space_so_that_each_chunk_costs_little() -> None:
    parts = spoken(["word " * 3] * 400)
    assert " ".join(parts).split() == ["word"] * 1200
    assert max(map(len, parts)) <= LONGEST + 15
    assert spoken(["x" * 5000]) == ["x" * 5000]


def test_nothing_but_spaces_is_nothing() -> None:
    assert spoken([" ", "\n\n", "  "]) == []
