"""Headings of a text that marks none: short paragraphs such as “CHAPTER IV” or “Capítulo 2: A casa”. Pure."""

from __future__ import annotations

import re

LONGEST = 80
"""A heading of more characters is rather a sentence that begins like one."""
_NAMES = (
    "chapter|chapitre|capítulo|capitulo|capítol|capitolo|capitol|kapitel|hoofdstuk|rozdział|kapitola|kapittel|глава"
)
_NUMBER = r"(?:\d{1,3}|[ivxlcdm]{1,8})\b"
_WORD = r"[^\W\d_]+(?:-[^\W\d_]+)?"
_TITLE = r"\s*[.:–—-]+\s*\S.*"
_HEADING = re.compile(rf"(?:{_NAMES})\s+(?:{_NUMBER}\.?(?:{_TITLE})?|{_WORD}(?:{_TITLE})?(?<!\.))", re.I)


def is_plain_heading(paragraph: str) -> bool:
    """Return whether a paragraph is a chapter's heading: that word, a number or one word more, perhaps a name.

    Whether that one word is a number in its language is not known: with a full stop at the end, it is a sentence.
    """
    return len(paragraph) <= LONGEST and "\n" not in paragraph and _HEADING.fullmatch(paragraph.strip()) is not None
