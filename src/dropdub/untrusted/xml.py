"""Parse untrusted XML within limits of time and memory that no real document comes close to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, TreeBuilder

from defusedxml.ElementTree import XMLParser

from dropdub.untrusted.markup_encoding import decoded

MOST_ELEMENTS = 600_000
"""A novel written in Word has about 50,000; with spelling marks on every word, 300,000."""
MOST_ATTRIBUTES = 1_000_000
MOST_NAMES = 2_000
"""Distinct names of elements and attributes, each of which takes memory with its namespace: Word has 500."""
MOST_DEPTH = 100
"""A word in a table is 10 levels deep; in nested tables and text boxes, 30."""
_NAMESPACE = re.compile(r"(?<=\s)xmlns[^=<>\"'\s]*+\s*+=\s*+(?:\"[^\"<]{120}|'[^'<]{120})")
"""A long namespace. It becomes part of every element's name, so that a short document could fill the memory."""
_CROWDED = re.compile(r"<[^<=]*+(?:=[^<=]*+){10000}")
"""A tag with more than 10,000 attributes. The parser stores them all before they can be counted."""


class TooMuch(Exception):
    """The document exceeds a limit; the message names the limit."""


def root_of(data: bytes) -> Element:
    """Return the root of an XML document.

    Raises TooMuch, the parser's errors, and defusedxml's errors for entities.
    """
    text = checked_text(data)
    parser = XMLParser(target=_Bounded())
    parser.feed(text)
    root: Element = parser.close()
    return root


def checked_text(data: bytes) -> str:
    """Return the text of an XML document that can be given to a parser. Raises TooMuch."""
    text = decoded(data)
    if text.count("=") > MOST_ATTRIBUTES + MOST_ELEMENTS:
        raise TooMuch(f"it has more than {MOST_ATTRIBUTES:,} attributes.")
    if _NAMESPACE.search(text):
        raise TooMuch("it has a namespace of more than 120 characters.")
    if _CROWDED.search(text):
        raise TooMuch("one of its elements has more than 10,000 attributes.")
    return text


class Bounds:
    """Counts what a document has of elements, attributes, names and depth. Raises TooMuch."""

    def __init__(self) -> None:
        self._elements = self._attributes = self._depth = 0
        self._names: set[str] = set()

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._attributes += len(attributes)
        self._depth += 1
        if tag not in self._names or not self._names.issuperset(attributes):
            self._names |= {tag, *attributes}
        if self._elements > MOST_ELEMENTS:
            raise TooMuch(f"it has more than {MOST_ELEMENTS:,} elements.")
        if self._attributes > MOST_ATTRIBUTES:
            raise TooMuch(f"it has more than {MOST_ATTRIBUTES:,} attributes.")
        if len(self._names) > MOST_NAMES:
            raise TooMuch(f"it has more than {MOST_NAMES:,} names of elements and attributes.")
        if self._depth > MOST_DEPTH:
            raise TooMuch(f"its elements are nested more than {MOST_DEPTH} levels deep.")

    def end(self) -> None:
        self._depth -= 1


class _Bounded(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._bounds = Bounds()

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._bounds.begin(tag, attrs)
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self._bounds.end()
        return super().end(tag)
