"""Parse untrusted XML with the place of each element, so that parts of it can be replaced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from dropdub.untrusted.xml import Bounds, checked_text

_SEPARATOR = "}"


@dataclass(slots=True, eq=False)
class PlacedElement:
    """An element and its place in the bytes: `start` to `end`, with its content from `inner` to `inner_end`.

    `tag` and the names of attributes are those of ElementTree: `{namespace}name`.
    """

    tag: str
    attributes: dict[str, str]
    start: int
    inner: int = -1
    inner_end: int = -1
    end: int = -1
    texts: list[str] = field(default_factory=list)
    children: list[PlacedElement] = field(default_factory=list)

    def find(self, tag: str) -> PlacedElement | None:
        """Return the first child with that tag."""
        return next((child for child in self.children if child.tag == tag), None)

    @property
    def text(self) -> str:
        """Return its characters, without those of its children."""
        return "".join(self.texts)


@dataclass(frozen=True)
class PlacedXml:
    """A document in UTF-8, and its root element."""

    data: bytes
    root: PlacedElement

    def raw(self, element: PlacedElement) -> str:
        return self.data[element.start : element.end].decode()

    def start_tag(self, element: PlacedElement) -> str:
        return self.data[element.start : element.inner].decode()

    def end_tag(self, element: PlacedElement) -> str:
        return self.data[element.inner_end : element.end].decode()

    def content(self, element: PlacedElement) -> str:
        return self.data[element.inner : element.inner_end].decode()


class EntitiesForbidden(ValueError):
    """The document declares entities, which could multiply or name other files."""


def placed_xml(data: bytes) -> PlacedXml:
    """Return an XML document with places. Raises TooMuch, EntitiesForbidden, and expat's errors for bad markup."""
    # expat takes it for UTF-8 whatever it declares, so places count bytes of UTF-8.
    text = checked_text(data).encode("utf-8", errors="surrogatepass")
    builder = _Builder()
    try:
        builder.parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    builder.settle(len(text))
    assert builder.root is not None, "expat accepts no document without an element"
    return PlacedXml(text, builder.root)


class _Builder:
    """Takes down the place of each event; the end of a tag is where the next event begins."""

    def __init__(self) -> None:
        self.root: PlacedElement | None = None
        self._open: list[PlacedElement] = []
        self._begun: PlacedElement | None = None
        self._ended: PlacedElement | None = None
        self._tags: dict[str, str] = {}
        self._bounds = Bounds()
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.buffer_text = False
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.DefaultHandler = self._other
        self.parser.EntityDeclHandler = self._forbidden
        self.parser.UnparsedEntityDeclHandler = self._forbidden
        self.parser.ExternalEntityRefHandler = self._forbidden

    def settle(self, at: int) -> None:
        """Set the end of the tag before an event."""
        if self._begun is not None:
            self._begun.inner = at
            self._begun = None
        if self._ended is not None:
            self._ended.end = at
            if self._ended.inner_end < 0:
                self._ended.inner = self._ended.inner_end = at
            self._ended = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        self.settle(at)
        tag = self._tag(name)
        named = {self._tag(one): value for one, value in attributes.items()} if attributes else {}
        self._bounds.begin(tag, named)
        element = PlacedElement(tag, named, at)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._begun = element

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        self._bounds.end()
        at = self.parser.CurrentByteIndex
        if at == element.start:  # one tag is both
            self._begun = None
        else:
            self.settle(at)
            element.inner_end = at
        self._ended = element

    def _characters(self, text: str) -> None:
        self.settle(self.parser.CurrentByteIndex)
        if self._open:
            self._open[-1].texts.append(text)

    def _other(self, _data: str) -> None:
        self.settle(self.parser.CurrentByteIndex)

    def _tag(self, name: str) -> str:
        """Return a name as ElementTree writes it."""
        known = self._tags.get(name)
        if known is None:
            known = self._tags[name] = "{" + name if _SEPARATOR in name else name
        return known

    def _forbidden(self, *_: object) -> NoReturn:
        raise EntitiesForbidden("The document declares entities.")
