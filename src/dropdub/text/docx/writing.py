"""Write a Word document again with its words translated, and everything else as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from dropdub.languages import primary, same_language
from dropdub.text.archive import Archive
from dropdub.text.docx.reading import DocxDocument
from dropdub.text.rewriting.language_marks import is_right_to_left
from dropdub.text.rewriting.passages import Passage
from dropdub.text.rewriting.rewritten_archive import rewrite
from dropdub.text.rewriting.splicing import spliced
from dropdub.text.rewriting.translated_passages import Translating
from dropdub.untrusted.text import without_controls
from dropdub.untrusted.xml_places import PlacedXml

_LONGEST_PROPERTIES = 20_000
_DEEPEST = 3
"""Text boxes in text boxes, each of which is written before what is around it."""
_LANGUAGE = re.compile(r"(<(?:\w+:)?lang\b[^<>]*?\b(?:\w+:)?val=\")([^\"<>]{1,40})(\")")
_DEFAULTS = re.compile(r"<(?P<p>(?:\w+:)?)rPrDefault\s*>.*?</(?P=p)rPrDefault>", re.S)
_PREFIX = re.compile(rb"<([\w.-]+:)?p[\s/>]")
_AFTER_DIRECTION = re.compile(
    r"<(?:\w+:)?(?:adjustRightInd|snapToGrid|spacing|ind|contextualSpacing|mirrorIndents|suppressOverlap|jc|textDirection|"
    r"textAlignment|textboxTightWrap|outlineLvl|divId|cnfStyle|rPr|sectPr|pPrChange)\b|</(?:\w+:)?pPr>"
)
"""What the standard wants after the mark of a paragraph that is written from right to left."""
_EAST_ASIAN = frozenset(("zh", "ja", "ko"))


def write_docx(
    archive: Archive, source: Path, out: Path, translating: Translating, *, language: str, target: str
) -> None:
    """Write the document at `source`, which `archive` reads, to `out`: text, headers, footers and notes translated.

    Comments, deleted and hidden text stay as they are. Raises the errors of reading it, and OSError.
    """
    document = DocxDocument(archive)
    changed = {}
    for part in (document.package.body, *document.package.others_with_words()):
        new = _translated(document, document.package.xml(part), translating, to_rtl=_turns(language, target))
        changed[part] = _with_language(new.decode(), language, target).encode()
    styles = document.package.part("styles")
    if styles:
        changed[styles] = _with_default(document.package.xml(styles).data.decode(), target).encode()
    rewrite(source, out, changed)


def _turns(language: str, target: str) -> bool:
    return is_right_to_left(target) and not is_right_to_left(language)


def _translated(document: DocxDocument, xml: PlacedXml, translating: Translating, *, to_rtl: bool) -> bytes:
    """Return a part with its passages translated: first those in text boxes, then those around the boxes."""
    for depth in range(_DEEPEST):
        found = list(document.passages(xml))
        wanted = [
            one for one, inside in zip(found, _depths(found), strict=True) if inside == depth and one.is_translated
        ]
        if wanted:
            xml = document.package.reparsed(_written(xml, wanted, translating, to_rtl=to_rtl))
    return xml.data


def _written(xml: PlacedXml, passages: Sequence[Passage], translating: Translating, *, to_rtl: bool) -> bytes:
    prefix = _prefix(xml.data)
    rendered = translating.rendered(passages, lambda text, style: _run(text, style, prefix, to_rtl=to_rtl))
    edits = []
    for one, new in zip(passages, rendered, strict=True):
        if new is not None:
            edits.append((one.start, one.end, new.encode()))
            edits += _direction(xml.data, one, prefix) if to_rtl else []
    return spliced(xml.data, edits)


def _run(text: str, style: str, prefix: str, *, to_rtl: bool) -> str:
    """Return words as a run with the properties `style`."""
    look = _right_to_left(style, prefix) if to_rtl else style
    words = escape(without_controls(text), quote=False)
    return f'<{prefix}r>{look}<{prefix}t xml:space="preserve">{words}</{prefix}t></{prefix}r>'


def _right_to_left(style: str, prefix: str) -> str:
    mark = f"<{prefix}rtl/>"
    if not style or style.endswith("/>"):
        return f"<{prefix}rPr>{mark}</{prefix}rPr>"
    at = next((style.find(one) for one in (f"<{prefix}cs/", f"<{prefix}em ", f"<{prefix}lang") if one in style), -1)
    at = at if at >= 0 else style.rindex("</")
    return style if mark in style else style[:at] + mark + style[at:]


def _direction(data: bytes, passage: Passage, prefix: str) -> list[tuple[int, int, bytes]]:
    """Return the edit that makes a paragraph run from right to left."""
    mark = f"<{prefix}bidi/>"
    before = data[max(passage.start - _LONGEST_PROPERTIES, 0) : passage.start].decode(errors="ignore")
    if not before.rstrip().endswith(f"</{prefix}pPr>"):
        return [(passage.start, passage.start, f"<{prefix}pPr>{mark}</{prefix}pPr>".encode())]
    properties = before[before.rfind(f"<{prefix}pPr>") :]
    found = _AFTER_DIRECTION.search(properties)
    if found is None or f"{prefix}bidi" in properties:
        return []
    at = passage.start - len(properties[found.start() :].encode())
    return [(at, at, mark.encode())]


def _prefix(data: bytes) -> str:
    """Return the prefix of WordprocessingML in a part: nearly always `w:`."""
    found = _PREFIX.search(data)
    return (found[1] or b"").decode() if found else "w:"


def _depths(passages: Sequence[Passage]) -> list[int]:
    """Return how many levels of passages each contains."""
    depths = [0] * len(passages)
    order = sorted(range(len(passages)), key=lambda at: (passages[at].start, -passages[at].end))
    around: list[int] = []
    for at in order:
        while around and passages[around[-1]].end <= passages[at].start:
            around.pop()
        for height, outer in enumerate(reversed(around), 1):
            depths[outer] = max(depths[outer], height)
        around.append(at)
    return depths


def _with_language(part: str, language: str, target: str) -> str:
    """Return a part whose runs in the source language are marked as being in the target's."""
    return _LANGUAGE.sub(lambda one: f"{one[1]}{target if same_language(one[2], language) else one[2]}{one[3]}", part)


def _with_default(styles: str, target: str) -> str:
    """Return the styles with the target as the language of everything that does not say another."""
    found = _DEFAULTS.search(styles)
    if found is None:
        return styles
    prefix, block = found["p"], found[0]
    attributes = [f'{prefix}val="{target}"']
    attributes += [f'{prefix}eastAsia="{target}"'] if primary(target) in _EAST_ASIAN else []
    attributes += [f'{prefix}bidi="{target}"'] if is_right_to_left(target) else []
    mark = f"<{prefix}lang {' '.join(attributes)}/>"
    bare = re.sub(rf"<{re.escape(prefix)}lang\b[^<>]*/>", "", block)
    end = bare.rfind(f"</{prefix}rPr>")
    if end < 0:
        return styles
    return styles[: found.start()] + bare[:end] + mark + bare[end:] + styles[found.end() :]
