"""Translate passages of a document, with their markup around the translated words. Pure, apart from the translator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from dropdub.text.reading import marked, pieces
from dropdub.text.rewriting.passages import Item, Kept, Node, Passage, Span, Words, flat
from dropdub.text.rewriting.placing import Placed, Placing, sentence_blocks, word_around

Ask = Callable[[Iterable[str]], Mapping[str, str]]
"""Translates texts of at most some sentences; returns what is known of them."""
Write = Callable[[str, str], str]
"""Returns plain words as they are written in a document, given the style of the span they are in."""
MOST_NODES = 1_000
"""Pieces of markup in one passage, whose places are compared with one another. A paragraph of an index has 300."""
_LONGEST_PHRASE = 200
_STAND_IN = re.compile(r"\bXq\d+\b")
"""What stands for code: translators leave such a word as it is."""


@dataclass
class Losses:
    """What could not be kept: spans without words in the translation, and passages that stayed as they were."""

    spans: int = 0
    passages: int = 0


@dataclass
class Translating:
    """Translates passages with `ask`; counts in `losses` what could not be kept."""

    ask: Ask
    losses: Losses = field(default_factory=Losses)
    _known: dict[str, str] = field(default_factory=dict)

    def rendered(self, passages: Sequence[Passage], write: Write) -> list[str | None]:
        """Return the markup of each passage with its words translated; None for one that has nothing to translate."""
        drafts = [_Draft(passage) for passage in passages]
        self._learn(text for draft in drafts if not draft.is_crowded for text in draft.requests())
        for draft in drafts:
            if draft.has_code and not draft.kept_stand_ins(self._known):
                draft.without_stand_ins()
        self._learn(text for draft in drafts if not draft.is_crowded for text in draft.requests())
        return [self._one(draft, write) for draft in drafts]

    def text(self, words: str) -> str:
        """Return a plain text translated."""
        draft = _Draft(Passage((Words(words),), 0, 0))
        self._learn(draft.requests())
        return draft.translation(self._known)

    def _learn(self, texts: Iterable[str]) -> None:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(self.ask(missing) if missing else {})

    def _one(self, draft: _Draft, write: Write) -> str | None:
        if not draft.has_words:
            return None
        if draft.is_crowded:
            self.losses.passages += 1
            return None
        target, pairs = draft.translation(self._known), draft.pairs(self._known)
        placing = Placing(draft.text, target, self._known)
        placed = placing.placed(draft.nodes, sentence_blocks(pairs, draft.text, target))
        self.losses.spans += placing.lost
        return _rendered(target, (0, len(target)), placed, write, draft.passage.style)


class _Draft:
    """A passage on its way: its words, with stand-ins for code, and its markup."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self._set(tuple(_with_stand_ins(passage.content, count())))
        codes = [node for node in _all(self.nodes) if isinstance(node.item, Kept) and node.item.shown]
        self.has_code = bool(codes)
        self._stand_ins = [node.item.shown for node in codes if isinstance(node.item, Kept)]
        self.has_words = _has_letters("".join(_words(passage.content)))
        self.is_crowded = sum(1 for _ in _all(self.nodes)) > MOST_NODES

    def _set(self, content: tuple[Item, ...]) -> None:
        self.text, self.nodes = flat(content)

    def without_stand_ins(self) -> None:
        self._set(self.passage.content)

    def kept_stand_ins(self, known: Mapping[str, str]) -> bool:
        """Return whether each stand-in is in the translation, once."""
        found = Counter(_STAND_IN.findall(self.translation(known)))
        return found == Counter(self._stand_ins)

    def requests(self) -> Iterator[str]:
        if self.has_words:
            yield from pieces(self._body)
            yield from self._phrases()

    def translation(self, known: Mapping[str, str]) -> str:
        return self._marker + " ".join(words for _, words in self._pairs(known))

    def pairs(self, known: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the pieces of the words with their translations."""
        found = self._pairs(known)
        return [(self._marker + piece, self._marker + words) for piece, words in found[:1]] + found[1:]

    def _pairs(self, known: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(piece, known.get(piece) or piece) for piece in pieces(self._body)]

    @property
    def _marker(self) -> str:
        return marked(self.text)[0]

    @property
    def _body(self) -> str:
        return marked(self.text)[1]

    def _phrases(self) -> Iterator[str]:
        for node in _all(self.nodes):
            words = self.text[node.start : node.end]
            if isinstance(node.item, Span) and words != self.text and len(words) <= _LONGEST_PHRASE:
                yield words
                if (word := word_around(self.text, node)) is not None:
                    yield self.text[slice(*word)]


def _rendered(target: str, scope: tuple[int, int], placed: Sequence[Placed], write: Write, style: str) -> str:
    parts: list[str] = []
    at, end = scope
    for one in placed:
        start = max(one.start, at)
        before = target[at:start]
        breaks = isinstance(one.item, Kept) and one.item.breaks
        parts.append(_written(before.rstrip() if breaks else before, write, style))
        if one.is_spaced and start > scope[0] and not target[start - 1].isspace():
            parts.append(_written(" ", write, style))
        parts.append(_markup(target, one, write, style))
        at = max(one.end, start)
        while breaks and at < end and target[at].isspace():
            at += 1
    return "".join([*parts, _written(target[at:end], write, style)])


def _markup(target: str, one: Placed, write: Write, style: str) -> str:
    if isinstance(one.item, Kept):
        return one.item.raw
    inner = _rendered(target, (one.start, one.end), one.inside, write, one.item.style or style)
    return one.item.start + inner + one.item.end


def _written(text: str, write: Write, style: str) -> str:
    return write(text, style) if text else ""


def _with_stand_ins(content: Iterable[Item], numbers: Iterator[int]) -> Iterator[Item]:
    for item in content:
        if isinstance(item, Kept) and item.shown.strip():
            yield replace(item, shown=f"Xq{next(numbers)}")
        elif isinstance(item, Span):
            yield replace(item, content=tuple(_with_stand_ins(item.content, numbers)))
        else:
            yield item


def _all(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all(node.inside)


def _words(content: Iterable[Item]) -> Iterator[str]:
    """Yield the words that are to be translated."""
    for item in content:
        if isinstance(item, Words):
            yield item.text
        elif isinstance(item, Span):
            yield from _words(item.content)


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))
