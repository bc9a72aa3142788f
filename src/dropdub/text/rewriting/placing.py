"""Find where the markup of a passage belongs in its translation. Pure, in linear time for the length of a passage.

Translators do not say which word became which. So emphasised words are translated on their own as well, and looked for
in the translation of their sentence: as they are, translated, or nearly so (another ending). What is not found gets the
words in the same proportion of the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from dropdub.sentence_ends import sentences
from dropdub.text.rewriting.passages import Kept, Node, Span

_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f"
"""Thai, Lao, Burmese, Khmer, Chinese and Japanese, in which each character counts as a word."""
_TOKEN = re.compile(rf"[{_SPACELESS}]|[^\s{_SPACELESS}]+")
_LETTER = re.compile(rf"[^\W_{_SPACELESS}]")
"""A letter or digit of a script in which letters make words."""
_RAISED = re.compile(r"<su[bp]\b|vertAlign|vertical-align|^[~^]$", re.I)
_PUNCTUATION = ".,;:!?…。、，！？；：\"'”’»)]}"
_OPENERS = "\"'“‘«„([{¿¡"
_MOST_WORDS = 12
_MOST_TOKENS = 300
"""Longer ones are not compared word by word: that takes time in proportion to their product."""
_LEAST_LETTERS = 4
_ALIKE = 0.6
"""Share of letters, from the beginning of a word, by which `vermelho` is found in `vermelhas`."""
Range = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """A part of a passage and its translation: usually a sentence. Ranges of characters."""

    source: Range
    target: Range


@dataclass(frozen=True)
class Placed:
    """Markup and its range in the translation, with the markup inside it."""

    item: Kept | Span
    start: int
    end: int
    inside: tuple[Placed, ...] = ()
    is_spaced: bool = False


@dataclass
class Placing:
    """Places nodes of one passage: its words, their translation, and what emphasised words are on their own.

    `lost` counts the spans for which no word was left.
    """

    source: str
    target: str
    phrases: Mapping[str, str]
    lost: int = 0

    def placed(self, nodes: Sequence[Node], blocks: Sequence[Block]) -> tuple[Placed, ...]:
        """Return the nodes in the order of the translation."""
        if not blocks:
            return tuple(Placed(node.item, 0, 0, self.placed(node.inside, ())) for node in nodes)
        found = dict(self._ranges([node for node in nodes if node.end > node.start], blocks))
        placed = []
        for node in nodes:
            if node.end == node.start:
                place = self._point(node, blocks, list(found.values()))
                placed.append(Placed(node.item, place, place, self.placed(node.inside, ()), node.is_spaced))
            elif (where := found.get(id(node))) is not None:
                placed.append(Placed(node.item, *where, self.placed(node.inside, _within(blocks, node, where))))
            else:
                placed += self._without_words(node, blocks)
        return tuple(sorted(placed, key=lambda one: (one.start, one.end > one.start)))

    def _without_words(self, node: Node, blocks: Sequence[Block]) -> Iterator[Placed]:
        """Keep code, and the pictures and notes inside a span that gets no words."""
        self.lost += 1
        at = self._point(Node(node.item, node.end, node.end), blocks, [])
        if isinstance(node.item, Kept):
            yield Placed(node.item, at, at)
        for inner in node.inside:
            yield from self.placed([Node(inner.item, node.end, node.end)] if inner.start == inner.end else (), blocks)

    def _ranges(self, nodes: Sequence[Node], blocks: Sequence[Block]) -> Iterator[tuple[int, Range]]:
        """Yield the range of each node by its identity: first of those that are found, then of the others."""
        taken: list[Range] = []
        waiting = [(id(node), node) for node in nodes]
        for rule in (self._in_word, self._whole, self._literal, self._alike, self._partly, self._proportional):
            left = []
            for key, node in waiting:
                where = rule(node, blocks, taken)
                if where is not None and where[0] < where[1]:
                    taken.append(where)
                    yield key, where
                elif rule != self._in_word:
                    left.append((key, node))
                elif (whole := self._with_its_word(node)) is not None:
                    left.append((key, whole))
            waiting = left

    def _in_word(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> Range | None:
        """Return the range of a part of a word, such as the 2 of H2O, or of the letter that begins a chapter."""
        word = word_around(self.source, node)
        if isinstance(node.item, Span) and node.item.is_initial:
            return self._first_letters(node, blocks[0])
        block = _only(node, blocks) if word else None
        if word is None or block is None:
            return None
        if where := self._occurrence(self.source[slice(*word)], Node(node.item, *word), block, ()):
            return _free((where[0] + node.start - word[0], where[0] + node.end - word[0]), taken)
        where = self._first_letters(node, block) if node.start == 0 else None
        return _free(where, taken) if where else None

    def _first_letters(self, node: Node, block: Block) -> Range | None:
        """Return as many letters of a block's first word as a node has."""
        first = _tokens(self.target, block.target)[:1]
        return (first[0][0], min(first[0][0] + node.end - node.start, first[0][1])) if first else None

    def _with_its_word(self, node: Node) -> Node | None:
        """Return a node that is no part of a word: one that was gets the whole, but a raised letter would not fit."""
        word = word_around(self.source, node)
        if word is None:
            return node
        is_raised = isinstance(node.item, Span) and _RAISED.search(node.item.start + node.item.style)
        return None if is_raised else Node(node.item, *word)

    def _whole(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> Range | None:
        """Return the range of a node that consists of whole sentences."""
        covered = [one for one in blocks if node.start <= one.source[0] and one.source[1] <= node.end]
        others = [one for one in blocks if one not in covered and _overlap((node.start, node.end), one.source)]
        if not covered or others:
            return None
        return _free((covered[0].target[0], covered[-1].target[1]), taken)

    def _literal(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> Range | None:
        block = _only(node, blocks)
        if block is None:
            return None
        words = self.source[node.start : node.end]
        for phrase in (self.phrases.get(words, ""), words):
            for bare in dict.fromkeys((phrase, _bare(phrase))):
                if where := self._occurrence(bare, node, block, taken):
                    return where
        return None

    def _occurrence(self, phrase: str, node: Node, block: Block, taken: Sequence[Range]) -> Range | None:
        """Return where a phrase is in the translated sentence; of several places, the nearest in proportion."""
        if not phrase:
            return None
        start, end = block.target
        edges = r"(?<!\w)", r"(?!\w)"
        left, right = (
            edge if char.isalnum() and not re.match(f"[{_SPACELESS}]", char) else ""
            for edge, char in zip(edges, (phrase[0], phrase[-1]), strict=True)
        )
        # Looking ahead finds a phrase also where it overlaps itself: of `one one one`, the last two words, too.
        found = re.compile(f"{left}(?=({re.escape(phrase)}){right})", re.IGNORECASE).finditer(self.target, start, end)
        free = [one.span(1) for one in found if _free(one.span(1), taken)]
        return min(free, key=lambda one: abs(one[0] - _expected(node, block)), default=None)

    def _alike(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> Range | None:
        """Return the words of the sentence that are most like the node's words on their own."""
        block = None if isinstance(node.item, Kept) else _only(node, blocks)
        phrase = self.phrases.get(self.source[node.start : node.end], "") if block else ""
        words, tokens = _TOKEN.findall(_bare(phrase).casefold()), _tokens(self.target, block.target) if block else []
        if block is None or not 0 < len(words) <= _MOST_WORDS or len(tokens) > _MOST_TOKENS:
            return None
        scored = [
            (_likeness(words, self.target, window), -abs(window[0][0] - _expected(node, block)), window)
            for at in range(len(tokens) - len(words) + 1)
            if _free(((window := tokens[at : at + len(words)])[0][0], window[-1][1]), taken)
        ]
        best = max(scored, key=lambda one: one[:2], default=None)
        if best is None or best[0] < _ALIKE:
            return None
        return self._trimmed((best[2][0][0], best[2][-1][1]), node)

    def _partly(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> Range | None:
        """Return the run of words, most letters first, each of which is like one of the node's words on their own."""
        block = _only(node, blocks)
        words = _long_words(self.phrases.get(self.source[node.start : node.end], "")) if block else []
        tokens = _tokens(self.target, block.target) if block else []
        if not 0 < len(words) <= _MOST_WORDS or len(tokens) > _MOST_TOKENS or isinstance(node.item, Kept):
            return None
        alike = [token for token in tokens if any(_alike(word, self._bare(token)) >= _ALIKE for word in words)]
        run = max(_runs(alike, tokens, taken), key=lambda one: one[1] - one[0], default=None)
        return self._trimmed(run, node) if run else None

    def _bare(self, token: Range) -> str:
        return _bare(self.target[slice(*token)]).casefold()

    def _proportional(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> Range | None:
        if isinstance(node.item, Kept):  # code takes the place of words only where they are its own
            return None
        parts = [one for block in blocks if (one := self._share(node, block, taken)) is not None]
        if not parts:
            return None
        joined = (parts[0][0], parts[-1][1])
        return self._trimmed(joined if _free(joined, taken) else parts[0], node)

    def _share(self, node: Node, block: Block, taken: Sequence[Range]) -> Range | None:
        """Return the free words of a block that are in the same proportion as the node's words in it."""
        source = (max(node.start, block.source[0]), min(node.end, block.source[1]))
        if source[0] >= source[1]:
            return None
        if source == block.source:
            return _free(block.target, taken)
        tokens = _tokens(self.target, block.target)
        before, inside, after = (
            len(_tokens(self.source, place))
            for place in ((block.source[0], source[0]), source, (source[1], block.source[1]))
        )
        former = max(before + inside + after, 1)
        first = min(round(before * len(tokens) / former), max(len(tokens) - 1, 0))
        last = max(round((before + inside) * len(tokens) / former), first + 1)
        return _longest_free(tokens[first:last], taken) or _nearest_free(tokens, first, taken)

    def _trimmed(self, where: Range, node: Node) -> Range:
        """Return a range without punctuation at its ends that the node does not have either."""
        start, end = where
        if self.source[node.end - 1] not in _PUNCTUATION:
            end = start + len(self.target[start:end].rstrip(_PUNCTUATION))
        if self.source[node.start] not in _OPENERS:
            start = end - len(self.target[start:end].lstrip(_OPENERS))
        return (start, end) if start < end else where

    def _point(self, node: Node, blocks: Sequence[Block], taken: Sequence[Range]) -> int:
        """Return the place in the translation for a picture, a note mark or a line break."""
        block = next((one for one in blocks if node.start <= one.source[1]), blocks[-1])
        if node.start >= block.source[1]:
            return block.target[1]
        if node.start <= block.source[0]:
            return block.target[0]
        place = self._after_same_mark(node.start, block) or self._boundary(node, block)
        return next((end for start, end in taken if start < place < end), place)

    def _after_same_mark(self, place: int, block: Block) -> int | None:
        """Return the place after the comma (or other mark) that the node follows."""
        mark = self.source[:place].rstrip()[-1:] if place else ""
        if not mark or mark not in _PUNCTUATION:
            return None
        ends = [at for at in range(block.target[0] + 1, block.target[1]) if self.target[at - 1] == mark]
        return min(ends, key=lambda at: abs(at - _mapped(place, block)), default=None)

    def _boundary(self, node: Node, block: Block) -> int:
        tokens = _tokens(self.target, block.target)
        if not tokens:
            return block.target[0]
        before = len(_tokens(self.source, (block.source[0], node.start)))
        former = len(_tokens(self.source, block.source))
        number = min(max(round(before * len(tokens) / max(former, 1)), 1), len(tokens))
        breaks = isinstance(node.item, Kept) and node.item.breaks
        if breaks or not self.source[node.start - 1].strip() or self.source[node.start - 1] == " ":
            return tokens[number][0] if number < len(tokens) else tokens[-1][1]
        start, end = tokens[number - 1]
        if self.source[node.start] in _PUNCTUATION:
            end = start + len(self.target[start:end].rstrip(_PUNCTUATION))
        return end


def sentence_blocks(pairs: Sequence[tuple[str, str]], source: str, target: str) -> list[Block]:
    """Return the blocks of a passage whose pieces are translated as `pairs`, sentence by sentence if they agree."""
    blocks: list[Block] = []
    finer = list(chain.from_iterable(_by_sentence(piece, translation) for piece, translation in pairs))
    sources = _places(source, [one for one, _ in finer])
    targets = _places(target, [one for _, one in finer])
    for where, there in zip(sources, targets, strict=True):
        blocks.append(Block(where, there))
    return blocks


def _by_sentence(piece: str, translation: str) -> list[tuple[str, str]]:
    these, those = sentences(piece), sentences(translation)
    return list(zip(these, those, strict=True)) if len(these) == len(those) else [(piece, translation)]


def _places(text: str, parts: Sequence[str]) -> list[Range]:
    """Return the range of each part in a text that consists of them, but for blanks."""
    found, at = [], 0
    for part in parts:
        while at < len(text) and text[at].isspace():
            at += 1
        start, left = at, sum(not char.isspace() for char in part)
        while left and at < len(text):
            left -= not text[at].isspace()
            at += 1
        found.append((start, at))
    return found


def _within(blocks: Sequence[Block], node: Node, where: Range) -> list[Block]:
    """Return the blocks inside a node that was placed."""
    touched = [one for one in blocks if _overlap((node.start, node.end), one.source)]
    clipped = [
        Block(
            (max(one.source[0], node.start), min(one.source[1], node.end)),
            (max(one.target[0], where[0]), min(one.target[1], where[1])),
        )
        for one in touched
    ]
    fits = len(clipped) > 1 and all(one.target[0] < one.target[1] for one in clipped)
    return clipped if fits else [Block((node.start, node.end), where)]


def _only(node: Node, blocks: Sequence[Block]) -> Block | None:
    """Return the block that a node lies in; None if it lies in several."""
    touched = [one for one in blocks if _overlap((node.start, node.end), one.source)]
    return touched[0] if len(touched) == 1 else None


def _overlap(one: Range, other: Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _free(where: Range, taken: Sequence[Range]) -> Range | None:
    return None if any(_overlap(where, other) for other in taken) else where


def word_around(text: str, node: Node) -> Range | None:
    """Return the word that a node is a part of; None if it is none or has all of it."""
    start, end = node.start, node.end
    if isinstance(node.item, Kept) or not all(map(_LETTER.match, text[start:end].strip(_OPENERS) or " ")):
        return None
    while start and _LETTER.match(text[start - 1]) and _LETTER.match(text[start]):
        start -= 1
    while end < len(text) and _LETTER.match(text[end]) and _LETTER.match(text[end - 1]):
        end += 1
    return (start, end) if (start, end) != (node.start, node.end) else None


def _tokens(text: str, where: Range) -> list[Range]:
    return [found.span() for found in _TOKEN.finditer(text, *where)]


def _long_words(phrase: str) -> list[str]:
    """Return the words of a phrase that are not too short to be mistaken for others."""
    return [word for found in _TOKEN.findall(_bare(phrase)) if len(word := _bare(found).casefold()) >= _LEAST_LETTERS]


def _runs(alike: Sequence[Range], tokens: Sequence[Range], taken: Sequence[Range]) -> Iterator[Range]:
    """Yield the ranges of neighbouring tokens that are alike and free."""
    wanted = {token for token in alike if _free(token, taken)}
    start: Range | None = None
    before: Range | None = None
    for token in [*tokens, None]:
        if token in wanted and token is not None:
            start = start or token
        elif start is not None and before is not None:
            yield start[0], before[1]
            start = None
        before = token


def _longest_free(tokens: Sequence[Range], taken: Sequence[Range]) -> Range | None:
    """Return the longest run of tokens that are free."""
    best: list[Range] = []
    run: list[Range] = []
    for token in tokens:
        run = [*run, token] if _free(token, taken) else []
        best = run if len(run) > len(best) else best
    return (best[0][0], best[-1][1]) if best else None


def _nearest_free(tokens: Sequence[Range], first: int, taken: Sequence[Range]) -> Range | None:
    free = [(abs(number - first), token) for number, token in enumerate(tokens) if _free(token, taken)]
    return min(free)[1] if free else None


def _mapped(place: int, block: Block) -> float:
    """Return the place in the translation that is in proportion."""
    (start, end), (first, last) = block.source, block.target
    return first + (place - start) * (last - first) / max(end - start, 1)


def _expected(node: Node, block: Block) -> float:
    return _mapped(node.start, block)


def _bare(phrase: str) -> str:
    return phrase.rstrip(_PUNCTUATION).lstrip(_OPENERS)


def _likeness(words: Sequence[str], text: str, window: Sequence[Range]) -> float:
    """Return how alike the words are to those in the window: 1 for equal, 0 for nothing in common."""
    return sum(
        _alike(word, _bare(text[start:end]).casefold()) for word, (start, end) in zip(words, window, strict=True)
    ) / len(words)


def _alike(one: str, other: str) -> float:
    same = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))  # noqa: B905
    return same / max(len(one), len(other), 1)
