"""The lines of a text as the page shows them, with the places of the words that can be clicked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.web.lines.transcripts import SpokenLine, SpokenWord

_FARTHEST = 40
"""Characters after which a word is not looked for in its line: the time to find all words stays linear."""


@dataclass(frozen=True)
class ShownLine:
    """A line; `n` is its number in the transcript. `starts_turn`: whether somebody else spoke before."""

    n: int
    start: float
    end: float
    speaker: str | None
    text: str
    words: Sequence[SpokenWord]
    starts_turn: bool

    def places(self) -> str:
        """Return three numbers for each word that is found in the text: `0 3 50 1 5 82`.

        They are the characters between it and the word before, its own, and the hundredths of a second from the start
        of the line to it. Characters are counted as browsers do, in UTF-16. The page makes elements of the words of
        lines that can be seen: with 30,000 of them at once, it would take seconds to load.
        """
        numbers, done = [], 0
        for word in self.words:
            text = word.text.strip()
            place = self.text.find(text, done, done + len(text) + _FARTHEST) if text else -1
            if place < 0:  # cleanup has changed it
                continue
            after = round(100 * (word.start - self.start))
            numbers.append(f"{_units(self.text[done:place])} {_units(text)} {after}")
            done = place + len(text)
        return " ".join(numbers)


def shown_lines(lines: Sequence[SpokenLine]) -> list[ShownLine]:
    """Return lines as the page shows them."""
    speakers = [None, *(one.speaker for one in lines)]
    return [
        ShownLine(one.n, one.start, one.end, one.speaker, one.text, one.words, one.speaker != before)
        for one, before in zip(lines, speakers, strict=False)
    ]


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
