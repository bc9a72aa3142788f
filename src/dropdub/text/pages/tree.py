"""The elements of an HTML page with their places, parsed leniently and in linear time for any input. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from dropdub.untrusted.text import unescaped

_BLOCK_TAGS = """
html head body p div section article main nav blockquote pre ul ol dl li dt dd table caption thead tbody tfoot tr td th
figure figcaption aside header footer hr address form fieldset details summary h1 h2 h3 h4 h5 h6 hgroup center title
summary legend menu dir search
navmap navpoint navlabel navinfo doctitle docauthor text pagelist pagetarget
"""
BLOCKS = frozenset(_BLOCK_TAGS.split())
"""Elements that are paragraphs or contain them, those of a table of contents in EPUB 2 included."""
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_ENDS_PARAGRAPH = BLOCKS - {"text"}
_SAME_ENDS = frozenset(["li", "dt", "dd", "tr", "td", "th", "option"])
_RAW_ENDS = {tag: re.compile(rf"</{tag}[\s/>]", re.I) for tag in ("script", "style")}
"""Elements whose content is not markup, and where each ends."""
# Python's html.parser (before 3.11.14) takes quadratic time for `<a `, `</` and `<!--` that never end. This pattern
# never backtracks (`++`, `*+`), and a tag extends to the next `<` at most, so each character is read only a few times.
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/<>]*+)(?P<rest>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>?")
_ATTRIBUTE = re.compile(
    r"(?:^|(?<=[\s\"'/]))([^\s\"'=<>/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++)))?+"
)
_DECLARATION = re.compile(r"<!DOCTYPE\s[^<>\[\]]{0,500}+\[[^\[\]]{0,100000}+\]\s{0,99}+>", re.I)
"""A document type with its own entities, which are declarations and no words."""
_LONGEST_ATTRIBUTES = 5_000
"""Characters of a tag that are searched for attributes: pages have pictures in addresses of a megabyte."""
_WORDS, _COMMENT = "words", "comment"
MOST_DEPTH = 60
"""Deeper elements count as text without markup: a word in a table is 10 levels deep."""


@dataclass(slots=True, eq=False)
class Text:
    """Characters between tags."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Raw:
    """A comment, a declaration, or a tag that does not fit: markup without words."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Element:
    """An element: its tags and its content. `attributes` are raw; `has_blocks`: whether it contains paragraphs."""

    name: str
    attributes: str
    start: int
    inner: int
    inner_end: int = -1
    end: int = -1
    children: list[Element | Text | Raw] = field(default_factory=list)
    has_blocks: bool = False
    _parsed: dict[str, str] | None = None

    def get(self, attribute: str) -> str:
        """Return the value of an attribute, unescaped; empty if it has none."""
        return self.parsed().get(attribute, "")

    def has(self, attribute: str) -> bool:
        return attribute in self.parsed()

    def parsed(self) -> dict[str, str]:
        """Return the attributes by their names in small letters."""
        if self._parsed is None:
            self._parsed = attributes_of(self.attributes) if self.attributes.strip(" /\n") else {}
        return self._parsed

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()


def attributes_of(raw: str) -> dict[str, str]:
    """Return the attributes in a tag, unescaped, by their names in small letters; the first of each name counts."""
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(raw[:_LONGEST_ATTRIBUTES]):
        found.setdefault(one[1].lower(), unescaped(one[2] or one[3] or one[4] or ""))
    return found


def tree(page: str) -> Element:
    """Return the page as an element without a name."""
    builder = _Builder(page)
    for start, end, tag in _pieces(page):
        builder.add(start, end, tag)
    return builder.finished()


def words_in(page: str, element: Element) -> str:
    """Return all characters of an element on one line."""
    return " ".join(unescaped("".join(page[one.start : one.end] for one in texts(element))).split())


def texts(element: Element) -> Iterator[Text]:
    for child in element.children:
        if isinstance(child, Text):
            yield child
        elif isinstance(child, Element):
            yield from texts(child)


def elements(element: Element) -> Iterator[Element]:
    """Yield an element and all in it, in order."""
    yield element
    for child in element.children:
        if isinstance(child, Element):
            yield from elements(child)


class _Builder:
    """Makes a tree of tags that may be unclosed, crossed or stray."""

    def __init__(self, page: str) -> None:
        self._root = Element("", "", 0, 0)
        self._open = [self._root]
        self._names: Counter[str] = Counter()
        self._length = len(page)

    def add(self, start: int, end: int, tag: re.Match[str] | str) -> None:
        if isinstance(tag, str):
            self._open[-1].children.append(Text(start, end) if tag is _WORDS else Raw(start, end))
            return
        name = tag["name"].lower().rpartition(":")[2] if not tag["name"].startswith("dc:") else tag["name"].lower()
        if tag["end"]:
            self._ended(name, start, end)
        else:
            self._begun(name, tag, end)

    def markup(self, start: int, end: int) -> None:
        self._open[-1].children.append(Raw(start, end))

    def finished(self) -> Element:
        self._close_to(0, self._length, self._length)
        return self._root

    def _begun(self, name: str, tag: re.Match[str], end: int) -> None:
        if name in _ENDS_PARAGRAPH and self._names["p"]:
            self._ended("p", tag.start(), tag.start())
        if name in _SAME_ENDS and self._open[-1].name == name:
            self._ended(name, tag.start(), tag.start())
        element = Element(name, tag["rest"], tag.start(), end)
        if name in BLOCKS:
            self._mark_blocks()
        if name in _VOID or tag["rest"].endswith("/"):
            element.inner_end = element.end = end
            self._open[-1].children.append(element)
        elif len(self._open) > MOST_DEPTH:
            self.markup(tag.start(), end)
        else:
            self._open[-1].children.append(element)
            self._open.append(element)
            self._names[name] += 1

    def _ended(self, name: str, start: int, end: int) -> None:
        if not self._names[name]:
            if end > start:
                self.markup(start, end)
            return
        place = next(at for at in range(len(self._open) - 1, -1, -1) if self._open[at].name == name)
        self._close_to(place, start, end)

    def _close_to(self, place: int, start: int, end: int) -> None:
        """Close the open elements from `place` on; only the first of them has an end tag."""
        while len(self._open) > max(place, 1):
            element = self._open.pop()
            self._names[element.name] -= 1
            element.inner_end, element.end = start, (end if len(self._open) == place else start)
        if place == 0:
            self._root.inner_end = self._root.end = end

    def _mark_blocks(self) -> None:
        for element in reversed(self._open):
            if element.has_blocks:
                break
            element.has_blocks = True


def _pieces(page: str) -> Iterator[tuple[int, int, re.Match[str] | str]]:
    """Yield texts, tags and comments in order, without the content of scripts."""
    at = 0
    while (start := page.find("<", at)) >= 0:
        if start > at:
            yield at, start, _WORDS
        tag = _TAG.match(page, start)
        if tag is not None:
            yield start, tag.end(), tag
            at = _after_raw(page, tag)
        elif (end := _end_of_comment(page, start)) > start:
            yield start, end, _COMMENT
            at = end
        else:
            yield start, start + 1, _WORDS
            at = start + 1
    if at < len(page):
        yield at, len(page), _WORDS


def _end_of_comment(page: str, start: int) -> int:
    """Return the end of the comment, declaration or instruction at `start`; `start` if there is none."""
    if page.startswith("<![CDATA[", start):
        return _after(page, "]]>", start)
    if page.startswith("<!--", start):
        return _after(page, "-->", start + 2)
    declared = _DECLARATION.match(page, start)
    if declared is not None:
        return declared.end()
    return _after(page, ">", start) if page.startswith(("<!", "<?", "</"), start) else start


def _after(page: str, mark: str, start: int) -> int:
    """Return the position after the next `mark`; if there is none, the end, so that no text is searched twice."""
    found = page.find(mark, start)
    return found + len(mark) if found >= 0 else len(page)


def _after_raw(page: str, tag: re.Match[str]) -> int:
    ends = _RAW_ENDS.get(tag["name"].lower()) if not tag["end"] and not tag["rest"].endswith("/") else None
    if ends is None:
        return tag.end()
    found = ends.search(page, tag.end())
    return found.start() if found else len(page)
