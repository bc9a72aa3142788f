"""Chapters of an audio book, from the headings of its text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.pipeline.artifacts import Segment
from dropdub.text.chapters import Chapter, as_ffmetadata, chapters


def text(*paragraphs: str) -> list[Segment]:
    return [Segment(number, 0.0, 0.0, one) for number, one in enumerate(paragraphs)]


def made(*paragraphs: str) -> list[tuple[str, float, float]]:
    starts = {number: number * 10.0 for number in range(len(paragraphs))}
    found = chapters(text(*paragraphs), starts, title="Book", end=len(paragraphs) * 10.0)
    return [(one.title, one.start, one.end) for one in found]


def test_each_heading_begins_a_chapter_and_text_before_has_the_books_title() -> None:
    assert made("Before.", "# One", "Text.", "# Two", "More.") == [
        *(("Book", 0.0, 10.0), ("One", 10.0, 30.0), ("Two", 30.0, 50.0))
    ]


def test_below_a_single_title_the_next_level_makes_the_chapters_and_deeper_ones_none() -> None:
    assert made("# Title", "## One", "Text.", "### Deep", "## Two", "### Deep") == [
        *(("Title", 0.0, 10.0), ("One", 10.0, 40.0), ("Two", 40.0, 60.0))
    ]


def test_a_text_without_headings_is_one_chapter() -> None:
    assert made("One.", "#hashtag", "Two.") == [("Book", 0.0, 30.0)]


@pytest.mark.parametrize(
    "heading",
    [
        *("CHAPTER I", "Chapter 3: The house", "Chapter Twenty-One", "Chapter IV. A friend.", "Chapter 7."),
        *("Capítulo 2", "Kapitel 4", "Chapter IV. A friend", "CHAPTER ONE"),
        *("Chapitre premier", "Capitolo III – Il mare", "CAPÍTULO PRIMERO", "Глава 5"),
    ],
)
def test_a_short_paragraph_that_is_called_a_chapter_begins_one(heading: str) -> None:
    assert made("Before.", heading, "Text.") == [("Book", 0.0, 10.0), (heading, 10.0, 30.0)]


@pytest.mark.parametrize(
    "paragraph",
    [
        "Chapter 3 was read by all of them.",
        "Chapter and verse were known to her.",
        *("Chapter closed.", "Kapitel geschlossen.", "Chapter closed: we went home."),
        "Kapitel",
        "The chapter 3",
        "Chapter 3: " + "long " * 20,
    ],
)
def test_a_sentence_about_a_chapter_begins_none(paragraph: str) -> None:
    assert made(paragraph, "Text.") == [("Book", 0.0, 20.0)]


def test_if_headings_are_marked_plain_ones_do_not_count() -> None:
    assert [title for title, *_ in made("# One", "Chapter 1", "# Two", "Text.")] == ["One", "Two"]


def test_a_long_text_without_headings_is_cut_about_every_seventeen_minutes() -> None:
    starts = {number: number * 47.0 for number in range(150)}
    found = chapters(text(*["Text."] * 150), starts, title="Book", end=150 * 47.0)
    assert [one.title for one in found] == [str(number + 1) for number in range(len(found))]
    assert all(one.start in starts.values() and 15 * 60 <= one.end - one.start <= 20 * 60 for one in found)
    assert found[0].start == 0.0 and found[-1].end == 150 * 47.0


@given(st.lists(st.sampled_from(["# A", "## B", "### C", "text", "# "]), min_size=1, max_size=12))
def test_chapters_cover_the_whole_book_without_gap_or_overlap(paragraphs: list[str]) -> None:
    found = made(*paragraphs)
    assert found[0][1] == 0.0 and found[-1][2] == len(paragraphs) * 10.0
    assert all(before[2] == after[1] for before, after in pairwise(found))


def test_titles_cannot_write_metadata_of_their_own() -> None:
    written = as_ffmetadata([Chapter("A=b; c#\\\n[CHAPTER]", 0.0, 1.5)], title="x\ny")
    assert written.splitlines() == [
        *(";FFMETADATA1", "title=x y", "[CHAPTER]", "TIMEBASE=1/1000", "START=0", "END=1500"),
        "title=A\\=b\\; c\\#\\\\ [CHAPTER]",
    ]
