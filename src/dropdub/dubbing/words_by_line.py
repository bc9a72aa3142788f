"""Return the words that were heard in several joined lines to their lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.dubbing.word_errors import words_of
from dropdub.engines.base import Word
from dropdub.media.sound.spans import Span

_SECONDS_AN_ERROR = 2.0
"""A word this far from a line's sound costs as much as one error. Transcribers stretch words over pauses, and their
times are off by 0.2 s for one word in ten: this decides between lines where the words alone do not."""


@dataclass(frozen=True)
class _Heard:
    """One word as it is compared, and which of the words given it belongs to."""

    text: str
    number: int


def words_by_line(texts: Sequence[str], spans: Sequence[Span], heard: Sequence[Word]) -> list[list[Word]]:
    """Return, for each line, the words heard in it; the times of `heard` have the same origin as the lines' `spans`.

    Texts and words are aligned as a whole with the fewest errors (Levenshtein), where a word that was heard far from
    its line counts as an error, too. So a line that nobody could understand takes no words from its neighbours.
    Of a transcriber without word times, each word has the times of its utterance, and only the texts decide.
    """
    if len(texts) == 1:
        return [list(heard)]
    tokens = [_Heard(text, number) for number, word in enumerate(heard) for text in words_of(word.text)]
    found: list[list[Word]] = [[] for _ in texts]
    for number, line in sorted(_Alignment(texts, spans, heard, tokens).lines().items()):
        found[line].append(heard[number])
    return found


class _Alignment:
    """The table of costs: a row for each word of the lines and each end of a line, a column for each word heard.

    Where a word that fits nowhere is left between two lines, the row before the end of the first, or the one after it,
    says which line it belongs to.
    """

    def __init__(
        self, texts: Sequence[str], spans: Sequence[Span], heard: Sequence[Word], tokens: Sequence[_Heard]
    ) -> None:
        self._tokens = tokens
        self._items: list[tuple[str | None, int]] = []
        for line, text in enumerate(texts):
            self._items += [(None, line)] * bool(line) + [(word, line) for word in words_of(text)]
        self._off = [[_off(heard[token.number], span) for token in tokens] for span in spans]
        self._costs = [[0.0] * (len(tokens) + 1) for _ in range(len(self._items) + 1)]
        self._fill()

    def lines(self) -> dict[int, int]:
        """Return the line of each word heard that has letters or digits, by the word's number."""
        found: dict[int, int] = {}
        row, column = len(self._items), len(self._tokens)
        while column:
            taken, row, column = self._back(row, column)
            if taken is not None:
                found[self._tokens[column].number] = taken
        return found

    def _fill(self) -> None:
        for row in range(len(self._items) + 1):
            for column in range(len(self._tokens) + 1):
                if row or column:
                    self._costs[row][column] = min(cost for cost, *_ in self._ways(row, column))

    def _back(self, row: int, column: int) -> tuple[int | None, int, int]:
        """Return the cheapest way to a cell: the line that a word was given to, if any, and the cell before."""
        _, taken, row, column = min(self._ways(row, column), key=lambda way: way[0])
        return taken, row, column

    def _ways(self, row: int, column: int) -> list[tuple[float, int | None, int, int]]:
        """Return the cost of each way to a cell, the line that it gives a word to, and the cell before it."""
        ways: list[tuple[float, int | None, int, int]] = []
        word, line = self._items[row - 1] if row else (None, 0)
        if row and column and word is not None:
            differs = word != self._tokens[column - 1].text
            cost = self._costs[row - 1][column - 1] + differs + self._off[line][column - 1]
            ways.append((cost, line, row - 1, column - 1))
        if column:
            ways.append((self._costs[row][column - 1] + 1 + self._off[line][column - 1], line, row, column - 1))
        if row:
            ways.append((self._costs[row - 1][column] + (word is not None), None, row - 1, column))
        return ways


def _off(word: Word, span: Span) -> float:
    """Return the cost of a word's distance from a line's sound; 0 if they overlap."""
    return max(span.start - word.end, word.start - span.end, 0.0) / _SECONDS_AN_ERROR
