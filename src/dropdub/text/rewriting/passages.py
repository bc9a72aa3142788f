"""A passage: a paragraph of a document with the markup inside it, to be put around its translation. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Words:
    """Plain characters, unescaped."""

    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Markup that stays as it is: a picture, a note mark, a line break (`breaks`: it stands for a blank), code.

    `shown` are the words of code and the like: part of the sentence, but not translated.
    """

    raw: str
    shown: str = ""
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Emphasis, a link and the like: markup around some of the words. `style` is what a writer needs for its words.

    `is_initial`: it has the letter that a passage begins with, whatever word that is.
    """

    start: str
    end: str
    content: tuple[Item, ...]
    style: str = ""
    is_initial: bool = False


Item = Words | Kept | Span


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a document, at `start` to `end` of its part.

    `marker` is put before its words where they are read (`# `, `- `). `is_read`: whether it belongs to the running
    text; notes, for example, do not. `is_translated`: not so for programs. `style` is that of most of its words.
    `continues`: the next passage belongs to the same paragraph where they are read.
    """

    content: tuple[Item, ...]
    start: int
    end: int
    marker: str = ""
    is_read: bool = True
    is_translated: bool = True
    style: str = ""
    continues: bool = False

    @property
    def text(self) -> str:
        """Return the words, on one line."""
        return " ".join("".join(_shown(self.content)).split())


def read_passages(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Yield the passages that are read: those of the running text that have words."""
    return (one for one in passages if one.is_read and one.text)


def as_blocks(passages: Iterable[Passage]) -> Iterator[str]:
    """Yield each paragraph: `# ` before a heading, `- ` or a number before a list item."""
    before = ""
    for one in passages:
        block = f"{before} {one.text}" if before else one.marker + one.text
        before = block if one.continues else ""
        if not before:
            yield block
    if before:
        yield before


@dataclass(slots=True, eq=False)
class Node:
    """Markup of a passage, and its place in the words; a Kept without words has a place only.

    `is_spaced`: whether it has no words, and a blank before it.
    """

    item: Kept | Span
    start: int = -1
    end: int = -1
    inside: list[Node] = field(default_factory=list)
    is_spaced: bool = False


def _shown(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        match item:
            case Words():
                yield item.text
            case Kept():
                yield " " if item.breaks else item.shown
            case Span():
                yield from _shown(item.content)


def flat(content: Sequence[Item]) -> tuple[str, list[Node]]:
    """Return the words of a passage on one line, and the places of its markup in them."""
    line = _Line()
    nodes = [node for item in content for node in line.add(item)]
    return "".join(line.parts), nodes


class _Line:
    """Words on one line, and what is still waiting for its first word."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._length = 0
        self._is_blank = False
        self._waiting: list[Node] = []

    def add(self, item: Item) -> Iterator[Node]:
        match item:
            case Words():
                self._write(item.text)
            case Kept():
                yield self._kept(item)
            case Span():
                yield self._span(item)

    def _kept(self, item: Kept) -> Node:
        node = Node(item)
        if item.shown.strip():
            self._waiting.append(node)
            self._write(item.shown)
        else:
            node.start, node.is_spaced = self._length, self._is_blank and not item.breaks
            self._is_blank |= item.breaks
        node.end = self._length
        return node

    def _span(self, item: Span) -> Node:
        node = Node(item)
        self._waiting.append(node)
        node.inside = [inner for part in item.content for inner in self.add(part)]
        if node.start < 0:  # has no words
            self._waiting.pop()
            node.start, node.is_spaced = self._length, self._is_blank
        node.end = self._length
        return node

    def _write(self, text: str) -> None:
        for place, piece in enumerate(_BLANKS.split(text)):
            self._is_blank |= place > 0
            if piece:
                self._put(f" {piece}" if self._is_blank and self._length else piece, blank=self._is_blank)

    def _put(self, piece: str, *, blank: bool) -> None:
        start = self._length + (blank and self._length > 0)
        for node in self._waiting:
            node.start = start
        self._waiting.clear()
        self.parts.append(piece)
        self._length += len(piece)
        self._is_blank = False
