"""The parts of a Word document: which there are, and the names of their elements in either version of the standard."""

from __future__ import annotations

from dropdub.text.archive import Archive, resolved
from dropdub.untrusted.xml_places import PlacedElement, PlacedXml

_WORD = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
"""The namespaces of the usual (transitional) and of the strict version."""
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_BODY = "word/document.xml"
_WITH_WORDS = ("header", "footer", "footnotes", "endnotes")
MOST_IN_NAME = 1_000


class DocxPackage:
    """The parts of a document by what they are for. Raises NotText, TooLarge, and ValueError for broken markup."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        roots = _related(archive, "_rels/.rels", "")
        self.body = next((part for kind, part in roots if kind == "officeDocument" and archive.has(part)), _BODY)
        self.properties = next((part for kind, part in roots if kind == "core-properties" and archive.has(part)), None)
        folder, _, name = self.body.rpartition("/")
        self._related = _related(archive, f"{folder}/_rels/{name}.rels".lstrip("/"), self.body)
        self._folder = folder

    def xml(self, part: str) -> PlacedXml:
        return self._archive.placed(part)

    def reparsed(self, data: bytes) -> PlacedXml:
        """Return a part that was changed."""
        return self._archive.placed_data(data)

    def part(self, kind: str) -> str | None:
        """Return the part of a kind, such as `styles`; None if there is none."""
        named = next((part for one, part in self._related if one == kind), f"{self._folder}/{kind}.xml")
        return named if self._archive.has(named) else None

    def number_of(self, *kinds: str) -> int:
        """Return how many parts of these kinds the body refers to."""
        return len({part for kind, part in self._related if kind in kinds and self._archive.has(part)})

    def others_with_words(self) -> list[str]:
        """Return the headers, footers and notes."""
        found = dict.fromkeys(part for kind, part in self._related if kind in _WITH_WORDS)
        return [part for part in found if self._archive.has(part)]


def word(element: PlacedElement) -> str:
    """Return the local name of an element of WordprocessingML; of another, its whole name."""
    return local(element.tag)


def local(tag: str) -> str:
    for namespace in _WORD:
        if tag.startswith(namespace):
            return tag.removeprefix(namespace)
    return f"mc:{tag.removeprefix(_COMPATIBILITY)}" if tag.startswith(_COMPATIBILITY) else tag


def child(element: PlacedElement | None, name: str) -> PlacedElement | None:
    """Return the first child with a local name of WordprocessingML."""
    if element is None:
        return None
    return next((one for one in element.children if word(one) == name), None)


def value(element: PlacedElement | None, name: str = "val") -> str:
    """Return an attribute of WordprocessingML; empty if there is none."""
    if element is None:
        return ""
    return next((text for tag, text in element.attributes.items() if local(tag) == name), "")


def is_on(element: PlacedElement | None) -> bool | None:
    """Return whether a switch such as `w:vanish` is on; None if it is not there."""
    if element is None:
        return None
    return value(element).lower() not in ("0", "false", "off")


def number(element: PlacedElement | None) -> int | None:
    """Return the number in `w:val`; None if there is none that is sensible."""
    text = value(element)
    return int(text) if text.isdecimal() and len(text) < 8 else None


def _related(archive: Archive, part: str, base: str) -> list[tuple[str, str]]:
    """Return the kind and the name of each part that another is related to."""
    if not archive.has(part):
        return []
    found = []
    for one in archive.placed(part).root.children:
        target = one.attributes.get("Target", "")
        if one.attributes.get("TargetMode") != "External" and len(target) <= MOST_IN_NAME:
            found.append((one.attributes.get("Type", "").rpartition("/")[2], resolved(base, target)))
    return found
