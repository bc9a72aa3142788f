"""Write a Markdown text again with its words translated; code, addresses and front matter stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from markdown_it.token import Token

from dropdub.text.front_matter import without_front_matter
from dropdub.text.markdown import BOX, CALLOUT, STRETCH, block_parser, refuse_too_much
from dropdub.text.markdown_dialects import in_commonmark
from dropdub.text.pages.reading import passages_of
from dropdub.text.rewriting.heading_links import with_heading_links
from dropdub.text.rewriting.markdown_items import Refs, begun, escaped, items_of, parser
from dropdub.text.rewriting.passages import Item, Kept, Passage
from dropdub.text.rewriting.splicing import spliced
from dropdub.text.rewriting.translated_passages import Translating

_LIST_MARK = re.compile(r"[-*+]|\d{1,9}[.)]|\[\^[^\]\s]{1,99}\]:")
_CELL_END = re.compile(r"(?<!\\)\|")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class _Place:
    """Where a paragraph is: the passage, and what stands before each of its lines (for a cell: nothing)."""

    passage: Passage
    prefixes: tuple[str, ...] = ()
    is_cell: bool = False


def translated_markdown(text: str, translating: Translating) -> tuple[str, int]:
    """Return a text with its words translated, and the number of its blocks of HTML with words, which stay.

    Raises TooLarge for more lines or markup than people write.
    """
    refuse_too_much(text)
    body = without_front_matter(text)
    before = text[: len(text) - len(body)]
    refs: Refs = {}
    tokens = block_parser().parse(in_commonmark(body), refs)
    finder = _Finder(body, refs)
    places = list(finder.places(tokens))
    translating.losses.passages += finder.missed
    rendered = translating.rendered([one.passage for one in places], lambda words, _style: escaped(words))
    edits = [
        (one.passage.start, one.passage.end, _as_lines(one, new))
        for one, new in zip(places, rendered, strict=True)
        if new is not None
    ]
    html, blocks = finder.html(tokens)
    translated = translating.rendered(html, lambda words, _style: escape(words, quote=False))
    edits += [(one.start, one.end, new) for one, new in zip(html, translated, strict=True) if new is not None]
    return before + with_heading_links(spliced(body, edits), tokens), blocks


class _Finder:
    """Finds the places of paragraphs, headings and cells in the text."""

    def __init__(self, body: str, refs: Refs) -> None:
        self._lines = body.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._refs = refs
        self._parser = parser()
        self.missed = 0
        """Paragraphs that are too long, or not found in the text."""

    def places(self, tokens: Sequence[Token]) -> Iterator[_Place]:
        row: list[Token] = []
        line = -1
        for token in tokens:
            if token.type == "tr_open":
                row, line = [], token.map[0] if token.map else -1
            elif token.type == "tr_close":
                yield from self._cells(row, line)
                line = -1
            elif token.type == "inline" and line >= 0:
                row.append(token)
            elif token.type == "inline" and token.map:
                place = self._paragraph(token.content, token.map[0]) if len(token.content) <= STRETCH else None
                if place is not None:
                    yield place
                self.missed += place is None

    def html(self, tokens: Sequence[Token]) -> tuple[list[Passage], int]:
        """Return the passages of the blocks of HTML, and the number of those with words that are not found."""
        found: list[Passage] = []
        missed = 0
        for token in tokens:
            if token.type != "html_block" or not token.map or not _has_words(token.content):
                continue
            first, last = token.map
            if token.level == 0 and token.content.rstrip() == "\n".join(self._lines[first:last]).rstrip():
                start = self._starts[first]
                inside = passages_of(token.content)
                found += [replace(one, start=one.start + start, end=one.end + start) for one in inside]
            else:
                missed += 1
        return found, missed

    def _paragraph(self, content: str, first: int) -> _Place | None:
        """Return the place of a paragraph; None unless each of its lines is found in the text."""
        prefixes, end = [], 0
        for number, words in enumerate(content.split("\n"), first):
            line, bare = self._lines[number], words.strip()
            at = line.rfind(bare) if bare else -1
            if at < 0:
                return None
            prefixes.append(line[:at])
            end = self._starts[number] + at + len(bare)
        start = self._starts[first] + len(prefixes[0])
        passage = Passage(tuple(self._items(content)), start, end)
        return _Place(passage, (prefixes[0], *(prefixes[1:] or [_blank(prefixes[0])])))

    def _items(self, content: str) -> Iterator[Item]:
        head = BOX.match(content) or CALLOUT.match(content)
        if head is not None:
            yield Kept(head[0].rstrip() + ("" if "\n" in head[0] else " "))
            yield from [Kept("\n", breaks=True)] if "\n" in head[0] else []
            content = content[head.end() :]
        yield from items_of(self._parser.parseInline(content, self._refs)[0].children or ())

    def _cells(self, row: Sequence[Token], number: int) -> Iterator[_Place]:
        line, at = self._lines[number], 0
        for token in row:
            if not token.content:
                continue
            raw = token.content.replace("|", "\\|")
            found = line.find(raw, at)
            if found < 0 or len(token.content) > STRETCH:
                self.missed += 1
                continue
            at = found + len(raw)
            start = self._starts[number] + found
            yield _Place(Passage(tuple(self._items(token.content)), start, start + len(raw)), is_cell=True)


def _as_lines(place: _Place, new: str) -> str:
    """Return a translated paragraph with what stands before each of its lines."""
    if place.is_cell:
        return _CELL_END.sub(r"\\|", " ".join(new.split("\n")))
    lines = new.split("\n")
    last = place.prefixes[-1]
    befores = [place.prefixes[at] if at < len(place.prefixes) else last for at in range(len(lines))]
    is_heading = "#" in place.prefixes[0]
    first = lines[0] if is_heading or BOX.match(lines[0]) or CALLOUT.match(lines[0]) else begun(lines[0])
    return "\n".join([first, *(before + begun(line) for before, line in zip(befores[1:], lines[1:], strict=True))])


def _blank(prefix: str) -> str:
    """Return what stands before the second line of a paragraph whose first begins an item."""
    return _LIST_MARK.sub(lambda mark: " " * len(mark[0]), prefix)


def _has_words(block: str) -> bool:
    if block.lstrip().lower().startswith(("<!--", "<script", "<style", "<pre", "<?")):
        return False
    return _LETTER.search(re.sub(r"<[^<>]*>", "", block)) is not None
