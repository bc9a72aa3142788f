"""The passages of a Word document, in order, including tables, text boxes and lists with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from dropdub.text.archive import Archive
from dropdub.text.docx.numbers import Numbers
from dropdub.text.docx.package import DocxPackage, child, is_on, number, value, word
from dropdub.text.docx.runs import Runs
from dropdub.text.docx.styles import Style, Styles, level_of
from dropdub.text.rewriting.passages import Item, Passage, Span, as_blocks, read_passages
from dropdub.untrusted.xml_places import PlacedElement, PlacedXml


def docx_blocks(archive: Archive) -> Iterator[str]:
    """Yield paragraphs in Markdown: what is shown, without notes, comments, page numbers and deleted text."""
    document = DocxDocument(archive)
    yield from as_blocks(read_passages(document.passages(document.package.xml(document.package.body))))


class DocxDocument:
    """A document's parts, styles and lists."""

    def __init__(self, archive: Archive) -> None:
        self.package = DocxPackage(archive)
        self.styles = Styles(self.package)

    def passages(self, xml: PlacedXml) -> Iterator[Passage]:
        """Yield the passages of a part in order; those of a text box come after the paragraph that it belongs to."""
        return _Reader(xml, self.styles, Numbers(self.package)).passages(xml.root)


class _Reader:
    """Reads one part from its beginning, with the fields that are open and the numbers of its lists."""

    def __init__(self, xml: PlacedXml, styles: Styles, numbers: Numbers) -> None:
        self._xml = xml
        self._runs = Runs(xml, styles)
        self._styles = styles
        self._numbers = numbers
        self._has_code = not _is_mostly_preformatted(xml.root, styles)
        self._capital: PlacedElement | None = None
        """The paragraph of a large letter with which the next one begins."""

    def passages(self, element: PlacedElement, *, is_read: bool = True) -> Iterator[Passage]:
        for one, after in zip_longest(element.children, element.children[1:]):
            name = word(one)
            if name == "p" and _is_capital(one) and after is not None and word(after) == "p":
                self._capital = one
            elif name == "p":
                yield from self._paragraph(one, is_read=is_read)
            elif name in ("del", "moveFrom"):
                continue
            else:
                yield from self.passages(one, is_read=is_read and name != "mc:Fallback" and not _is_contents(one))

    def _paragraph(self, paragraph: PlacedElement, *, is_read: bool) -> Iterator[Passage]:
        properties = child(paragraph, "pPr")
        style = self._styles[value(child(properties, "pStyle"))]
        is_code = style.is_code or (style.is_preformatted and self._has_code)
        in_contents = self._runs.in_contents
        start = _content_start(paragraph)
        capital, begin = self._large_letter(start)
        content = self._runs.of(paragraph, style)
        is_contents = in_contents or self._runs.in_contents or self._runs.had_contents or style.is_contents
        is_shown = is_read and not (is_contents or is_code)
        items = (*capital, *content.items)
        found = Passage(items, begin, paragraph.inner_end, is_read=is_shown, style=content.style)
        # Word counts items without words, but not those that were deleted and are only shown as such.
        marker = self._marker(properties, style) if is_shown and not _is_deleted(properties) else ""
        if found.text:
            continues = _is_deleted(properties)
            yield replace(found, marker=marker, is_translated=not is_code, continues=continues)
        for one in paragraph.children:
            yield from self._boxes(one, is_read=is_read)

    def _large_letter(self, start: int) -> tuple[tuple[Item, ...], int]:
        """Return the letter that was set in a paragraph of its own, and where the paragraph begins with it."""
        capital, self._capital = self._capital, None
        if capital is None:
            return (), start
        content = self._runs.of(capital, self._styles[value(child(child(capital, "pPr"), "pStyle"))])
        between = self._xml.data[capital.inner_end : start].decode()
        return (Span("", between, content.items, content.style, is_initial=True),), _content_start(capital)

    def _boxes(self, element: PlacedElement, *, is_read: bool) -> Iterator[Passage]:
        """Yield the passages of the text boxes in a paragraph, once: old programs have a second version of each."""
        is_read = is_read and word(element) != "mc:Fallback"
        if any(word(one) == "p" for one in element.children):
            yield from self.passages(element, is_read=is_read)
            return
        for one in element.children:
            yield from self._boxes(one, is_read=is_read)

    def _marker(self, properties: PlacedElement | None, style: Style) -> str:
        """Return the marks of a heading, and the number of an item as it is shown."""
        own = child(properties, "numPr")
        list_id = number(child(own, "numId")) if own is not None else style.list_id
        level = number(child(own, "ilvl"))
        item = ""
        if own is not None and list_id is None:
            item = "- "
        elif list_id:
            item = self._numbers.marker(list_id, level if level is not None else style.list_level or 0)
        heading = level_of(properties) or style.level
        if heading:
            return f"{'#' * heading} {item if item != '- ' else ''}"
        return item


def _content_start(paragraph: PlacedElement) -> int:
    properties = child(paragraph, "pPr")
    return properties.end if properties is not None else paragraph.inner


def _is_capital(paragraph: PlacedElement) -> bool:
    """Return whether a paragraph is a drop cap: the letter that the next one begins with."""
    return value(child(child(paragraph, "pPr"), "framePr"), "dropCap") in ("drop", "margin")


def _is_mostly_preformatted(root: PlacedElement, styles: Styles) -> bool:
    """Return whether most paragraphs have a style for code: those of a text file that was opened and saved."""
    shown = (one for one in _paragraphs(root) if child(one, "r") is not None)
    found = [styles[value(child(child(one, "pPr"), "pStyle"))] for one in shown]
    return 2 * sum(style.is_preformatted for style in found) > len(found)


def _paragraphs(element: PlacedElement) -> Iterator[PlacedElement]:
    for one in element.children:
        if word(one) == "p":
            yield one
        else:
            yield from _paragraphs(one)


def _is_deleted(properties: PlacedElement | None) -> bool:
    """Return whether the end of a paragraph is a tracked deletion."""
    mark = child(properties, "rPr")
    return child(mark, "del") is not None or child(mark, "moveFrom") is not None


def _is_contents(element: PlacedElement) -> bool:
    """Return whether an element is a table of contents, or a text that asks to be replaced."""
    if word(element) != "sdt":
        return False
    properties = child(element, "sdtPr")
    gallery = value(child(child(properties, "docPartObj"), "docPartGallery"))
    return gallery.casefold() == "table of contents" or bool(is_on(child(properties, "showingPlcHdr")))
