"""Word errors: the two counts of the word error rate. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from dropdub.dubbing.error_counts import WordErrors

Costs = NDArray[np.int64]

_WORDS_A_DIGIT = 2
"""A number of n digits is read as at most 2n + 1 words: `1985` is "mil novecentos e oitenta e cinco"."""
_WITHIN_NUMBER = re.compile(r"(?<=\d)[.,](?=\d)")
_CONTRACTIONS = (
    *(("won't", "will not"), ("can't", "cannot"), ("n't", " not")),
    *(("'re", " are"), ("'ve", " have"), ("'ll", " will"), ("'m", " am")),
)
"""English ones with one meaning: `'s` and `'d` have two."""


def word_errors(text: str, heard: str) -> WordErrors:
    """Count word errors, ignoring case, accents and punctuation; each Chinese or Japanese character is a word.

    Words written together or apart are the same (`cannot`, `can not`), and so are English contractions. A number in
    digits is one word, and the same as any words in its place, because a transcriber may write them out or not; two
    numbers in digits must agree. Other spellings of a word are errors: nothing here knows them.
    """
    wanted, found = words_of(text), words_of(heard)
    plain = not _have_numbers(wanted, found) and not _have_compounds(wanted, found)
    return WordErrors(len(wanted), (_distance if plain else _lenient_distance)(wanted, found))


def errors_of_beginnings(text: str, heard: Sequence[str]) -> list[int]:
    """Return the word errors of the first 0, 1, 2… parts of what was heard, counted as in `word_errors`."""
    each = [words_of(part) for part in heard]
    row = _last_row(words_of(text), [word for words in each for word in words])
    return [int(row[count]) for count in accumulate(map(len, each), initial=0)]


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("’", "'")
    for short, whole in _CONTRACTIONS:
        plain = plain.replace(short, whole)
    return "".join(map(_part, _WITHIN_NUMBER.sub("", plain))).split()


def _part(character: str) -> str:
    """Return what a character contributes to its word: itself, nothing, or a word boundary."""
    if unicodedata.combining(character) or character == "'":
        return ""
    if unicodedata.east_asian_width(character) in "WF" and character.isalpha():
        return f" {character} "
    return character if character.isalnum() or unicodedata.category(character).startswith("M") else " "


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def _have_numbers(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(map(_is_number, one)) or any(map(_is_number, other))


def _have_compounds(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether any two neighbouring words of one text are a single word of the other."""
    return not (set(_together(one)).isdisjoint(other) and set(_together(other)).isdisjoint(one))


def _together(words: Sequence[str]) -> list[str]:
    """Return each pair of neighbouring words as one word."""
    return [before + after for before, after in pairwise(words)]


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


def _lenient_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the Levenshtein distance of two sequences of words, with numbers and compounds as in `word_errors`."""
    return int(_last_row(one, other)[-1])


def _last_row(one: Sequence[str], other: Sequence[str]) -> Costs:
    """Return the lenient distance of all words of `one` to the first 0, 1, 2… words of `other`.

    The table is filled row by row: `rows` are the latest ones, that of the previous word last.
    """
    table = _Columns(other)
    rows: deque[Costs] = deque([np.arange(len(other) + 1)], maxlen=table.reach)
    for number, word in enumerate(one):
        before = one[number - 1] if number else ""
        row = table.row(rows, word, before)
        rows.append(np.minimum.accumulate(row - table.steps) + table.steps)
    return rows[-1]


class _Columns:
    """The columns of a table of distances: one for each word of a text, and one before them."""

    def __init__(self, words: Sequence[str]) -> None:
        self.steps = np.arange(len(words) + 1)
        self._numbers: dict[str, int] = {}
        self._words = self._numbered(words)
        self._pairs = self._numbered(_together(words))
        self._most = np.array([_longest(word) for word in words], np.int64)
        self.reach = max(2, int(self._most.max(initial=0)))
        """How many earlier rows a row may depend on."""

    def row(self, rows: Sequence[Costs], word: str, before: str) -> Costs:
        """Return the row of `word`, which follows `before`, not counting words left out to the left of each column."""
        last = rows[-1]
        row = last + 1
        alike = (self._words == self._number(word)) | ((self._most > 0) != _is_number(word))
        _lower(row[1:], last[:-1] + ~alike)
        _lower(row[2:], last[:-2] + (self._pairs != self._number(word)))
        if len(rows) > 1:
            _lower(row[1:], rows[-2][:-1] + (self._words != self._number(before + word)))
        for count in range(2, min(_longest(word), len(self._words)) + 1):
            _lower(row[count:], last[:-count])
        for count in range(2, min(self.reach, len(rows)) + 1):
            at = np.flatnonzero(self._most >= count)
            row[at + 1] = np.minimum(row[at + 1], rows[-count][at])
        return row

    def _numbered(self, words: Sequence[str]) -> Costs:
        return np.array([self._numbers.setdefault(word, len(self._numbers)) for word in words], np.int64)

    def _number(self, word: str) -> int:
        return self._numbers.get(word, -1)


def _lower(row: Costs, costs: Costs) -> None:
    """Lower each cell of `row` to its cost, if that is less."""
    np.minimum(row, costs[: len(row)], out=row)


def _longest(word: str) -> int:
    """Return how many words a number may be; 0 for a word without digits."""
    digits = sum(map(str.isdigit, word))
    return _WORDS_A_DIGIT * digits + 1 if digits else 0
