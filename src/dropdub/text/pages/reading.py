"""The passages of an HTML page: what of it is read, and with which markup. Pure, in linear time for any input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from dropdub.text.pages.note_links import NoteLinks, note_links
from dropdub.text.pages.roles import (
    CODE,
    READING_AIDS,
    UNTRANSLATED,
    is_hidden,
    is_note_body,
    is_note_mark,
    is_page_break,
    is_verbatim,
)
from dropdub.text.pages.stylesheets import Hidden, hidden_by
from dropdub.text.pages.tree import BLOCKS, Element, Raw, Text, elements, texts, tree, words_in
from dropdub.text.rewriting.passages import Item, Kept, Passage, Span, Words
from dropdub.untrusted.text import unescaped

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_UNREAD = frozenset(("head", "nav", "title"))
_DROPPED = frozenset(("ruby", "rb", "rbc", "wbr"))
"""Markup that a translation does not need: its words have no reading aid."""
_HIDES_NOTHING = Hidden()


def passages_of(page: str, *, hidden: Hidden = _HIDES_NOTHING, notes: frozenset[str] = frozenset()) -> list[Passage]:
    """Return the passages of a page in order.

    `hidden` is what the stylesheets of its book hide, `notes` the ids that short links on earlier pages lead to.
    """
    root = tree(page)
    own = hidden_by(page[one.inner : one.inner_end] for one in elements(root) if one.name == "style")
    return list(_Reader(page, Hidden(hidden.selectors | own.selectors), note_links(page, notes)).passages(root))


class _Reader:
    """Finds the passages in the tree of a page."""

    def __init__(self, page: str, hidden: Hidden, notes: NoteLinks) -> None:
        self._page = page
        self._notes = notes
        self._hidden = hidden
        self._marker = ""
        self._numbers: dict[Element, int] = {}
        """The number of the last item of each list."""

    def passages(self, element: Element, *, is_read: bool = True) -> Iterator[Passage]:
        for is_block, group in groupby(element.children, key=_is_block):
            if is_block:
                for child in group:
                    assert isinstance(child, Element)
                    yield from self._block(child, element, is_read=is_read)
            else:
                yield from self._line(list(group), is_read=is_read)

    def _block(self, element: Element, around: Element, *, is_read: bool) -> Iterator[Passage]:
        if element.name in UNTRANSLATED or (element.name == "pre" and _is_code(element)):
            return
        before = self._marker
        if element.name in _HEADINGS:
            self._marker = _HEADINGS[element.name]
        elif element.name == "li":
            self._marker = self._item_marker(element, around)
        is_read = is_read and self._is_read(element)
        yield from self.passages(element, is_read=is_read)
        if element.name in _HEADINGS or element.name == "li" or self._marker != before:
            self._marker = ""

    def _item_marker(self, element: Element, around: Element) -> str:
        """Return the number of an item, as it is shown; in a list without numbers, a dash."""
        if around.name != "ol" or around.get("type") not in ("", "1"):
            return "- "
        before = self._numbers.get(around, _number(around.get("start"), 1) - 1)
        self._numbers[around] = _number(element.get("value"), before + 1)
        return f"{self._numbers[around]}. "

    def _is_read(self, element: Element) -> bool:
        return not (
            element.name in _UNREAD
            or is_hidden(element, self._hidden)
            or is_note_body(element)
            or self._notes.lead_to(element, self._page)
            or is_page_break(element, self._page)
        )

    def _line(self, children: list[Element | Text | Raw], *, is_read: bool) -> Iterator[Passage]:
        children = _trimmed(children, self._page)
        if not children:
            return
        start = children[0].start + _blanks_before(self._page, children[0])
        end = children[-1].end - _blanks_after(self._page, children[-1])
        passage = Passage(tuple(self._items(children, is_read=is_read)), start, end, self._marker, is_read)
        if passage.text:
            self._marker = ""
            yield passage

    def _items(self, children: list[Element | Text | Raw], *, is_read: bool) -> Iterator[Item]:
        for child in children:
            match child:
                case Text():
                    yield Words(unescaped(self._page[child.start : child.end]))
                case Raw():
                    yield Kept(self._page[child.start : child.end])
                case Element():
                    yield from self._inline(child, is_read=is_read)

    def _inline(self, element: Element, *, is_read: bool) -> Iterator[Item]:
        raw = self._page[element.start : element.end]
        if element.name == "br":
            yield Kept(raw, breaks=True)
        elif element.name in READING_AIDS or element.name == "wbr":
            return
        elif self._is_silent(element, is_read=is_read):
            yield Kept(raw)
        elif is_verbatim(element):
            yield Kept(raw, shown=words_in(self._page, element))
        elif element.name in _DROPPED:
            yield from self._items(element.children, is_read=is_read)
        else:
            start, end = self._page[element.start : element.inner], self._page[element.inner_end : element.end]
            yield Span(start, end, tuple(self._items(element.children, is_read=is_read)))

    def _is_silent(self, element: Element, *, is_read: bool) -> bool:
        """Return whether an element in a line has no words to read; what is hidden has some for the translation."""
        if element.name in UNTRANSLATED or is_note_mark(element, self._page) or is_page_break(element, self._page):
            return True
        return is_read and (is_hidden(element, self._hidden) or is_note_body(element))


def _is_block(child: Element | Text | Raw) -> bool:
    return isinstance(child, Element) and (child.name in BLOCKS or child.has_blocks)


def _is_code(element: Element) -> bool:
    """Return whether preformatted text is a program, not a poem."""
    names = {one.name for one in elements(element)}
    return (
        bool(names & CODE)
        or re.search(r"code|program|listing|source|highlight", element.get("class"), re.I) is not None
    )


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else otherwise


def _trimmed(children: list[Element | Text | Raw], page: str) -> list[Element | Text | Raw]:
    """Return the children of a line without those at its ends that have no words or pictures."""
    first, last = 0, len(children)
    while first < last and _is_empty(children[first], page):
        first += 1
    while last > first and _is_empty(children[last - 1], page):
        last -= 1
    return children[first:last]


def _is_empty(child: Element | Text | Raw, page: str) -> bool:
    if isinstance(child, Text):
        return not page[child.start : child.end].strip()
    return isinstance(child, Raw) or next(texts(child), None) is None


def _blanks_before(page: str, child: Element | Text | Raw) -> int:
    text = page[child.start : child.end] if isinstance(child, Text) else ""
    return len(text) - len(text.lstrip())


def _blanks_after(page: str, child: Element | Text | Raw) -> int:
    text = page[child.start : child.end] if isinstance(child, Text) else ""
    return len(text) - len(text.rstrip())
