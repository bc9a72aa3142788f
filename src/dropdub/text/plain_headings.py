"""Unmarked headings: short paragraphs such as “CHAPTER IV” or “Capítulo 2: A casa”. Pure."""

from __future__ import annotations

import re

LONGEST = 80
"""In characters. A longer paragraph is probably a sentence that begins like a heading."""
_NAMES = (
    "chapter|chapitre|capítulo|capitulo|capítol|capitolo|capitol|kapitel|hoofdstuk|rozdział|kapitola|kapittel|глава"
)
_NUMBER = r"(?:\d{1,3}|[ivxlcdm]{1,8})\b"
_WORD = r"[^\W\d_]+(?:-[^\W\d_]+)?"
_TITLE = r"\s*[.:–—-]+\s*\S.*"
_HEADING = re.compile(rf"(?:{_NAMES})\s+(?:{_NUMBER}\.?(?:{_TITLE})?|{_WORD}(?:{_TITLE})?(?<!\.))", re.I)


def is_plain_heading(paragraph: str) -> bool:
    """Return whether a paragraph is a chapter heading: the word for chapter, a number or a word, perhaps a title.

    The second word may be a number in its language, which is not checked. If a full stop follows it, the paragraph is
    a sentence.
    """
    return len(paragraph) <= LONGEST and "\n" not in paragraph and _HEADING.fullmatch(paragraph.strip()) is not None
