"""Word errors: the two counts of the word error rate. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class WordErrors:
    """The number of words of a text, and of substitutions, deletions and insertions in what was heard."""

    words: int
    errors: int

    @property
    def rate(self) -> float | None:
        """Return errors per word, which may exceed 1; None if there are no words."""
        return self.errors / self.words if self.words else None


NOT_COUNTED = WordErrors(0, 0)


def word_errors(text: str, heard: str) -> WordErrors:
    """Count word errors, ignoring case, accents and punctuation; each Chinese or Japanese character is a word.

    If either text has digits, nothing is counted: a transcriber may write out what the text has in digits.
    """
    if any(map(str.isdigit, text + heard)):
        return NOT_COUNTED
    wanted = _words(text)
    return WordErrors(len(wanted), _distance(wanted, _words(heard)))


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the Levenshtein distance of two sequences of words.

    Each column of the table is held in the bits of two integers, which mark where it rises and falls (Myers 1999, in
    Hyyrö's version): a hundred times as fast as cell by cell.
    """
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << at
    every, last, distance = (1 << len(one)) - 1, 1 << len(one) >> 1, len(one)
    rises, falls = every, 0
    for word in other:
        same = places.get(word, 0)
        steady = (((same & rises) + rises) ^ rises) | same | falls
        higher, lower = falls | ~(steady | rises) & every, rises & steady
        distance += bool(higher & last) - bool(lower & last)
        higher, lower = (higher << 1 | 1) & every, lower << 1 & every
        rises, falls = lower | ~(same | falls | higher) & every, higher & (same | falls)
    return distance if one else len(other)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(_part(one) for one in plain).split()


def _part(character: str) -> str:
    """Return what a character contributes to its word: itself, nothing, or a word boundary."""
    if unicodedata.combining(character) or character in "'’":
        return ""
    if unicodedata.east_asian_width(character) in "WF" and character.isalpha():
        return f" {character} "
    return character if character.isalnum() or unicodedata.category(character).startswith("M") else " "
