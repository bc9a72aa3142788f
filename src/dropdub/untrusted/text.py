"""Characters that somebody else has written, made harmless in linear time, whatever they are. Pure."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

MOST_MARKS = 30
"""Of marks over and under one letter, one after the other: as many as Unicode's “stream-safe” text has (UAX 15).

No language has more than five; to bring thousands into their order, as comparing words does, takes their square.
"""
_ENTITY = re.compile(r"&#?\w{1,32};?")
"""A character by its name or number. Longer ones are none: Python refuses to read numbers of thousands of digits."""


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """Return a text without characters that command a terminal or end a string; line ends and tabs stay."""
    return _CONTROLS.sub("", text)


def unescaped(text: str) -> str:
    """Return a text of HTML or WebVTT with its entities as characters."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def with_few_marks(text: str) -> str:
    """Return a text without the marks of a letter that go beyond `MOST_MARKS`."""
    return text if text.isascii() else _many_marks().sub(r"\1", text)


def wrapped(text: str, longest: int) -> Iterator[str]:
    """Yield a text in pieces of at most `longest` characters, cut at blanks; a longer word is cut, too."""
    words: list[str] = []
    length = -1
    for word in _cut(text, longest):
        if words and length + 1 + len(word) > longest:
            yield " ".join(words)
            words, length = [], -1
        words.append(word)
        length += 1 + len(word)
    if words:
        yield " ".join(words)


def _cut(text: str, longest: int) -> Iterator[str]:
    for word in text.split():
        yield from (word[start : start + longest] for start in range(0, len(word), longest))


@cache
def _many_marks() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(char))
    return re.compile(f"(?<![{marks}])([{marks}]{{{MOST_MARKS}}})[{marks}]+")
