"""Make untrusted text harmless, in linear time. Pure."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

from dropdub.unspaced import letters

MOST_MARKS = 30
"""Maximum number of consecutive combining marks on a letter: the limit of Unicode's “stream-safe” text (UAX 15).

No language needs more than five. Normalizing thousands, as word comparison does, takes quadratic time.
"""
_ENTITY = re.compile(r"&#?\w{1,32};?")
"""A character by its name or number. Longer ones are not valid: Python refuses to parse thousands of digits."""


_TERMINAL_CODE = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,999}(?:\x07|\x1b\\))")
"""What colours a terminal, moves its cursor or names its window, as saved with the output of a program."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """Return a text without control characters, which could command a terminal; line ends and tabs stay."""
    return _CONTROLS.sub("", without_terminal_codes(text))


def without_terminal_codes(text: str) -> str:
    """Return a text without the codes of colours that programs write for a terminal."""
    return _TERMINAL_CODE.sub("", text) if "\x1b" in text else text


def unescaped(text: str) -> str:
    """Return an HTML or WebVTT text with its entities replaced by characters."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def with_few_marks(text: str) -> str:
    """Return a text with at most `MOST_MARKS` combining marks on each letter."""
    return text if text.isascii() else _many_marks().sub(r"\1", text)


def wrapped(text: str, longest: int) -> Iterator[str]:
    """Yield a text in pieces of at most `longest` characters, split at whitespace; longer words are split too."""
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
        yield from [word] if len(word) <= longest else _in_letters(word, longest)


def _in_letters(word: str, longest: int) -> Iterator[str]:
    """Yield a word in pieces that end between two letters with their marks, if no letter is longer than a piece."""
    start, end = 0, 0
    for letter in letters(word):
        if end > start and end + len(letter) - start > longest:
            yield word[start:end]
            start = end
        end += len(letter)
        while end - start > longest:
            yield word[start : start + longest]
            start += longest
    yield word[start:]


@cache
def _many_marks() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(char))
    return re.compile(f"(?<![{marks}])([{marks}]{{{MOST_MARKS}}})[{marks}]+")
