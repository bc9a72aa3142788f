"""The text of a Word document, in order, including tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from dropdub.text.archive import Archive

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BODY, _STYLES = "word/document.xml", "word/styles.xml"
_HEADING = re.compile(r"(?i)heading ([1-9])")
_TITLES = {"title": 1, "subtitle": 2}
_LEFT_OUT = {f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "footnoteReference", "drawing")}
_BLANKS = {f"{_W}tab": " ", f"{_W}br": " ", f"{_W}cr": " ", f"{_W}noBreakHyphen": "-"}


def docx_blocks(archive: Archive) -> Iterator[str]:
    """Yield paragraphs in Markdown. Deleted text that Word still shows as a tracked change is left out."""
    levels = _levels(archive)
    for paragraph in _paragraphs(archive.xml(_BODY)):
        text = " ".join("".join(_texts(paragraph)).split())
        if text:
            yield _marker(paragraph, levels) + text


def _paragraphs(element: Element) -> Iterator[Element]:
    """Yield paragraphs in order; a paragraph with a text box comes before those in the box."""
    for child in element:
        if child.tag == f"{_W}p":
            yield child
        if child.tag != _FALLBACK:  # repeats the preceding content for old programs
            yield from _paragraphs(child)


def _texts(element: Element) -> Iterator[str]:
    for child in element:
        if child.tag in _LEFT_OUT or child.tag == f"{_W}p":  # a paragraph in a text box is yielded separately
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _BLANKS:
            yield _BLANKS[child.tag]
        else:
            yield from _texts(child)


def _marker(paragraph: Element, levels: dict[str, int]) -> str:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return ""
    style = properties.find(f"{_W}pStyle")
    level = levels.get(style.get(f"{_W}val", ""), 0) if style is not None else 0
    if level:
        return f"{'#' * min(level, 6)} "
    return "- " if properties.find(f"{_W}numPr") is not None else ""


def _levels(archive: Archive) -> dict[str, int]:
    """Return the levels of heading styles, by style id: localized Word versions use other ids, but the same names."""
    found: dict[str, int] = {}
    styles = archive.xml(_STYLES).iter(f"{_W}style") if archive.has(_STYLES) else ()
    for style in styles:
        name = style.find(f"{_W}name")
        title = name.get(f"{_W}val", "") if name is not None else ""
        heading = _HEADING.fullmatch(title)
        level = int(heading[1]) if heading else _TITLES.get(title.casefold(), 0)
        if level:
            found[style.get(f"{_W}styleId", "")] = level
    return found
