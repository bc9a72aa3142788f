"""The runs of a Word paragraph as words, what stays between them, and the style of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, groupby

from dropdub.text.docx.package import child, is_on, value, word
from dropdub.text.docx.styles import Style, Styles
from dropdub.text.rewriting.passages import Item, Kept, Span, Words
from dropdub.untrusted.xml_places import PlacedElement, PlacedXml

_IGNORED = frozenset(("proofErr", "lastRenderedPageBreak", "softHyphen", "pPr", "rPr"))
"""What is written again when it is needed, or has no meaning for other words: hyphens and marks of a spelling check."""
_BLANKS = frozenset(("tab", "br", "cr", "ptab"))
_AROUND = frozenset(("hyperlink", "ins", "moveTo", "smartTag", "customXml", "bdo", "dir", "fldSimple", "sdtContent"))
_UNREAD_FIELDS = re.compile(r"\s*(?:PAGE|PAGEREF|NUMPAGES|SECTION|SECTIONPAGES|XE|TC|RD|SEQ\s+\w*_hidden)\b", re.I)
_CONTENTS = re.compile(r"\s*(?:TOC|INDEX|TOA)\b", re.I)
_MOST_ACROSS = 20
"""Fields that contain the paragraph: a table of contents in an index in a form has three."""
_NO_LOOK = re.compile(
    r"<(?P<tag>\w+:)?(?:lang|noProof|spacing|w|kern|fitText|szCs|bCs|iCs|webHidden)\b(?!:)[^<>]*/>|\s[\w:]*rsid\w*=\"[^\"]*\""
    r"|\s[\w:]*hint=\"[^\"]*\"|<(?:\w+:)?rtl\s[^<>]*=\"(?:0|false)\"\s*/>"
)
"""Properties of a run that do not show, or that fit the widths of letters to a page, as converters of PDF do."""
_NO_PROPERTIES = re.compile(r"<([\w:]*)rPr\s*(?:/>|>\s*</\1rPr>)")


@dataclass(frozen=True)
class Content:
    """The content of a paragraph; `style` is that of most of its words."""

    items: tuple[Item, ...]
    style: str


@dataclass
class _Field:
    """A field that began: where, its code so far, and whether its result has begun."""

    start: int
    code: str = ""
    is_result: bool = False
    result: list[Item] = field(default_factory=list)
    result_start: int = -1


class Runs:
    """Reads the runs of one part's paragraphs in order: a field may begin in one and end in another."""

    def __init__(self, xml: PlacedXml, styles: Styles) -> None:
        self._xml = xml
        self._styles = styles
        self._across: list[_Field] = []
        self.had_contents = False
        """Whether a table of contents has begun and ended in the paragraph that was read last."""

    @property
    def in_contents(self) -> bool:
        """Return whether a table of contents has begun in a paragraph and not ended."""
        return any(_CONTENTS.match(one.code) for one in self._across)

    def of(self, paragraph: PlacedElement, style: Style) -> Content:
        fields: list[_Field] = []
        self.had_contents = False
        items = self._items(paragraph, style, fields)
        self._remember(fields)
        usual = _most_frequent(items)
        return Content(tuple(_without_style(_joined(items), usual)), usual)

    def _remember(self, fields: Iterable[_Field]) -> None:
        """Remember the fields that end in a later paragraph."""
        self._across += fields
        del self._across[_MOST_ACROSS:]

    def _items(self, element: PlacedElement, style: Style, fields: list[_Field]) -> list[Item]:
        own: list[_Field] = []
        items: list[Item] = []
        for one in element.children:
            for item, place in self._child(one, style, own):
                self._put(item, place, own, items)
        for one_field in own:  # begun here and not ended: what it has so far stays in order
            raw = self._slice(one_field.start, one_field.result_start)
            items += [Kept(raw), *one_field.result]
        fields += own
        return items

    def _child(
        self, one: PlacedElement, style: Style, fields: list[_Field]
    ) -> Iterator[tuple[Item | str, tuple[int, int]]]:
        """Yield items with their places; a string is the kind of a field's mark."""
        name, place = word(one), (one.start, one.end)
        if name == "r":
            yield from self._run(one, style)
        elif name == "sdt":
            yield self._control(one, style), place
        elif name == "fldSimple" and _UNREAD_FIELDS.match(value(one, "instr")):
            yield Kept(self._xml.raw(one)), place
        elif name in _AROUND:
            inside: list[_Field] = []
            content = tuple(self._items(one, style, inside))
            self._remember(inside)
            yield Span(self._xml.start_tag(one), self._xml.end_tag(one), content), place
        elif name not in _IGNORED:
            yield Kept(self._xml.raw(one)), place

    def _control(self, one: PlacedElement, style: Style) -> Item:
        """Return a content control in a line; its own hint to fill it in is not read."""
        content = child(one, "sdtContent")
        if content is None or is_on(child(child(one, "sdtPr"), "showingPlcHdr")):
            return Kept(self._xml.raw(one))
        start, end = self._slice(one.start, content.inner), self._slice(content.inner_end, one.end)
        inside: list[_Field] = []
        items = tuple(self._items(content, style, inside))
        self._remember(inside)
        return Span(start, end, items)

    def _run(self, run: PlacedElement, style: Style) -> Iterator[tuple[Item | str, tuple[int, int]]]:
        properties, place = child(run, "rPr"), (run.start, run.end)
        own = self._styles[value(child(properties, "rStyle"))]
        hidden = [is_on(child(properties, "vanish")), own.is_hidden, style.is_hidden]
        if next((one for one in hidden if one is not None), False) and not _marks(run):
            yield Kept(self._xml.raw(run)), place
            return
        look = self._xml.raw(properties) if properties is not None else ""
        for one in run.children:
            yield from self._part(one, run, look, is_code=own.is_code)

    def _part(
        self, one: PlacedElement, run: PlacedElement, look: str, *, is_code: bool
    ) -> Iterator[tuple[Item | str, tuple[int, int]]]:
        name, place = word(one), (run.start, run.end)
        raw = self._xml.start_tag(run) + look + self._xml.raw(one) + self._xml.end_tag(run)
        if name == "t" and is_code:
            yield Kept(raw, shown=one.text), place
        elif name in ("t", "noBreakHyphen"):
            yield Span("", "", (Words(one.text if name == "t" else "-"),), look), place
        elif name == "ruby":
            base = "".join(part.text for part in _all(child(one, "rubyBase")) if word(part) == "t")
            yield Span("", "", (Words(base),), look), place
        elif name in _BLANKS:
            yield Kept(raw, breaks=True), place
        elif name in ("fldChar", "instrText"):
            kind = value(one, "fldCharType") if name == "fldChar" else f"code:{one.text}"
            yield kind, place
        elif name not in _IGNORED:
            yield Kept(raw), place

    def _put(self, item: Item | str, place: tuple[int, int], fields: list[_Field], items: list[Item]) -> None:
        """Add an item to the innermost field that is open, or to the paragraph."""
        if isinstance(item, str):
            self._mark(item, place, fields, items)
        elif not fields:
            items.append(item)
        elif fields[-1].is_result:
            fields[-1].result.append(item)
        else:
            fields[-1].result_start = place[1]

    def _mark(self, kind: str, place: tuple[int, int], fields: list[_Field], items: list[Item]) -> None:
        if kind == "begin":
            fields.append(_Field(place[0], result_start=place[1]))
        elif kind.startswith("code:"):
            if fields:
                fields[-1].code += kind.removeprefix("code:")
                fields[-1].result_start = place[1]
            else:
                items.append(Kept(self._slice(*place)))
        elif kind == "separate" and fields:
            fields[-1].is_result, fields[-1].result_start = True, place[1]
        elif kind == "end" and fields:
            found = fields.pop()
            self.had_contents |= _CONTENTS.match(found.code) is not None
            self._put(self._field(found, place), place, fields, items)
        else:
            if kind == "end" and self._across:
                self._across.pop()
            items.append(Kept(self._slice(*place)))

    def _field(self, found: _Field, place: tuple[int, int]) -> Item:
        if not found.result or _UNREAD_FIELDS.match(found.code):
            return Kept(self._slice(found.start, place[1]))
        return Span(self._slice(found.start, found.result_start), self._slice(*place), tuple(found.result))

    def _slice(self, start: int, end: int) -> str:
        return self._xml.data[start:end].decode()


def _marks(run: PlacedElement) -> bool:
    """Return whether a run is part of a field, whose marks may be hidden although its result is shown."""
    return any(word(one) in ("fldChar", "instrText") for one in run.children)


def _all(element: PlacedElement | None) -> Iterator[PlacedElement]:
    for one in element.children if element is not None else ():
        yield one
        yield from _all(one)


@lru_cache(maxsize=1_000)
def _look(properties: str) -> str:
    """Return the properties of a run that show."""
    return _NO_PROPERTIES.sub("", _NO_LOOK.sub("", properties))


def _words(items: Iterable[Item]) -> Iterator[tuple[str, str]]:
    """Yield words with their style."""
    for item in items:
        if isinstance(item, Span):
            for one in item.content:
                if isinstance(one, Words) and one.text.strip():
                    yield one.text, item.style
            yield from _words(item.content)


def _most_frequent(items: Iterable[Item]) -> str:
    """Return the style of most of the words, with the properties of its first run."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for text, style in _words(items):
        counts[_look(style)] += len(text)
        first.setdefault(_look(style), style)
    return first[counts.most_common(1)[0][0]] if counts else ""


def _joined(items: Iterable[Item]) -> list[Item]:
    """Return items with neighbouring runs that look the same as one."""
    found: list[Item] = []
    for key, group in groupby(items, key=_run_look):
        if key is None:
            found += map(_joined_inside, group)
        else:
            runs = [one for one in group if isinstance(one, Span)]
            found.append(Span("", "", tuple(chain.from_iterable(one.content for one in runs)), runs[0].style))
    return found


def _joined_inside(item: Item) -> Item:
    if not isinstance(item, Span):
        return item
    return Span(item.start, item.end, tuple(_joined(item.content)), item.style)


def _run_look(item: Item) -> str | None:
    """Return the properties of a run that show; None for what is not a run."""
    return _look(item.style) if isinstance(item, Span) and _is_run(item) else None


def _is_run(item: Span) -> bool:
    return not item.start and not item.end


def _without_style(items: Iterable[Item], usual: str) -> Iterator[Item]:
    """Yield items; runs in the usual style are words of the paragraph."""
    for item in items:
        if isinstance(item, Span) and _is_run(item) and (_look(item.style) == _look(usual) or not _has_words(item)):
            yield from item.content
        elif isinstance(item, Span) and not _is_run(item):
            yield Span(item.start, item.end, tuple(_without_style(item.content, usual)), item.style)
        else:
            yield item


def _has_words(item: Span) -> bool:
    return any(isinstance(one, Words) and one.text.strip() for one in item.content)
