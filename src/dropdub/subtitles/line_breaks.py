"""Cut text into the smallest parts that a line may break between, and arrange them in lines."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from dropdub.function_words import FunctionWords, function_words
from dropdub.sentence_ends import CLOSERS, OPENERS, ends_sentence, is_bound
from dropdub.unspaced import letters, units

SENTENCE_END = 0.0
CLAUSE_END = 1.0
BEFORE_JOINER = 2.0
BETWEEN_WORDS = 3.0
AFTER_LEANER = 5.0
AFTER_JOINER = 10.0
AFTER_HELPER = 25.0
AFTER_ABBREVIATION = 30.0
INSIDE_WORD = 40.0
BEFORE_MARK = 50.0

UNKNOWN = function_words(None)

_CLAUSE = re.compile(rf"[,;:—–、，；：)\]）][{re.escape(CLOSERS)}]*$")
_MARK = re.compile(r"[.,;:!?…»”)\]}、。，．！？）」』】〕》〉：；%ๆฯໆຯ។၊။]")
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")


@dataclass(frozen=True)
class Part:
    """A run of characters that stays on one line. `spaced`: a space precedes it unless it starts a line."""

    text: str
    spaced: bool
    inside_word: bool = False

    @cached_property
    def width(self) -> int:
        return max(width(self.text), 1)  # a lone mark is shown on a circle or a space


def width(text: str) -> int:
    """Return the display width of a text: 2 for a wide character (Chinese, Japanese, Korean), 0 for a mark, else 1."""
    return len(text) if text.isascii() else sum(map(_width_of, text))


def _width_of(character: str) -> int:
    if unicodedata.category(character) in _WITHOUT_WIDTH or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def parts(text: str, longest: int) -> list[Part]:
    """Cut a text into parts of a width of at most `longest`, without control characters and whitespace."""
    clean = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in ("Cc", "Cs"))
    return [part for word in clean.split() for part in _word_parts(word, longest)]


def _word_parts(word: str, longest: int) -> Iterator[Part]:
    spaced = True
    for unit in units(word):
        inside = False
        for piece in _pieces(unit, longest):
            yield Part(piece, spaced, inside)
            spaced, inside = False, True


def _pieces(unit: str, longest: int) -> Iterator[str]:
    """Yield a unit in pieces of a width of at most `longest`, cut between letters, or within one that is wider."""
    if width(unit) <= longest:
        yield unit
        return
    start, end, used = 0, 0, 0
    for letter in _narrow_letters(unit, longest):
        room = width(letter)
        if used + room > longest and end > start:
            yield unit[start:end]
            start, used = end, 0
        end, used = end + len(letter), used + room
    yield unit[start:]


def _narrow_letters(unit: str, longest: int) -> Iterator[str]:
    """Yield the letters of a unit; a letter that is wider than `longest`, such as a chain of emoji, in characters."""
    for letter in letters(unit):
        yield from [letter] if width(letter) <= longest else letter


def break_cost(before: Part, after: Part, words: FunctionWords = UNKNOWN) -> float:
    """Return how badly a line or cue reads if it ends between two parts; 0 is best."""
    if after.inside_word:
        return INSIDE_WORD
    if _MARK.match(after.text) or not before.text.strip(OPENERS):
        return BEFORE_MARK
    last, first = _bare(before.text), _bare(after.text)
    if last in words.helpers:
        return AFTER_HELPER
    if is_bound(before.text, after.text):
        return AFTER_ABBREVIATION
    if ends_sentence(before.text, after.text):
        return SENTENCE_END
    if _CLAUSE.search(before.text):
        return CLAUSE_END
    if last in words.joiners:
        return AFTER_JOINER
    if first in words.joiners:
        return BEFORE_JOINER
    return AFTER_LEANER if last in words.leaners or last.isdecimal() else BETWEEN_WORDS


def _bare(text: str) -> str:
    """Return a word as it is listed: lower case, without opening quotes, and without the elided d' or qu' before it."""
    word = text.casefold().replace("’", "'").lstrip(OPENERS)
    return word.rpartition("'")[2] or word


def joined(line: Sequence[Part]) -> str:
    """Return the parts joined into one line."""
    return "".join((" " if part.spaced and number else "") + part.text for number, part in enumerate(line))


class LineCounter:
    """Counts the lines that parts need if each is put on the current line whenever it fits."""

    def __init__(self, line_length: int) -> None:
        self.lines = 1
        self._length = line_length
        self._used = 0

    def add(self, part: Part) -> None:
        room = part.width + (1 if part.spaced and self._used else 0)
        if self._used + room > self._length:
            self.lines += 1
            room, self._used = part.width, 0
        self._used += room


class ForcedBreak:
    """Computes the extra cost of the best break of a two-line cue, incrementally as parts are added."""

    def __init__(self, line_length: int) -> None:
        self._length = line_length
        self._whole = 0
        self._breaks: deque[tuple[int, float]] = deque()
        """Breaks that can still be the best, by increasing cost: where the second line starts, and the cost."""

    def add(self, part: Part, cost_before: float) -> None:
        """Add a part; `cost_before` is the cost of a break before it."""
        blank = 1 if part.spaced and self._whole else 0
        if 0 < self._whole <= self._length:
            while self._breaks and self._breaks[-1][1] >= cost_before:
                self._breaks.pop()
            self._breaks.append((self._whole + blank, cost_before))
        self._whole += blank + part.width

    def cost(self) -> float:
        while self._breaks and self._whole - self._breaks[0][0] > self._length:
            self._breaks.popleft()
        best = self._breaks[0][1] if self._breaks else BEFORE_MARK
        return max(min(best, BEFORE_MARK) - AFTER_LEANER, 0.0)


def set_in_lines(cue: Sequence[Part], line_length: int, words: FunctionWords = UNKNOWN) -> tuple[str, ...]:
    """Arrange parts in as few lines as possible, with the breaks that read best and lines as even as that allows."""
    counter = LineCounter(line_length)
    for part in cue:
        counter.add(part)
    ends = _best_ends(cue, counter.lines, line_length, words)
    return tuple(joined(cue[start:end]) for start, end in zip([0, *ends], ends, strict=False))


def _best_ends(cue: Sequence[Part], lines: int, line_length: int, words: FunctionWords) -> list[int]:
    """Return where each line ends: the cheapest arrangement of `cue` in exactly `lines` lines."""
    even = width(joined(cue)) / lines
    breaks = [*(break_cost(one, after, words) for one, after in pairwise(cue)), 0.0]
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for number in range(1, lines + 1):
        following: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, ends) in best.items():
            for end, more in _line_costs(cue, start, even, line_length, breaks):
                if end not in following or cost + more < following[end][0]:
                    following[end] = (cost + more, [*ends, end])
        best = following if number < lines else {len(cue): following[len(cue)]}
    return best[len(cue)][1]


def _line_costs(
    cue: Sequence[Part], start: int, even: float, line_length: int, breaks: Sequence[float]
) -> Iterator[tuple[int, float]]:
    """Yield each possible end of a line that starts at `start`, with its cost."""
    used = 0
    for end in range(start + 1, len(cue) + 1):
        part = cue[end - 1]
        used += part.width + (1 if part.spaced and used else 0)
        if used > line_length:
            return
        yield end, breaks[end - 1] + (used - even) ** 2 / line_length
