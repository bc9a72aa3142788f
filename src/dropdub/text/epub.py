"""The text of an EPUB book in reading order, and its cover."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from dropdub.errors import NotText, TooLarge
from dropdub.text.archive import Archive, Cover, resolved
from dropdub.text.html import page_blocks
from dropdub.untrusted.xml import decoded

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})
_PICTURES = {"image/jpeg": "jpg", "image/png": "png"}
MOST_PAGES = 5_000
"""Most books have a page for each chapter, some for each printed page."""
MOST_IN_NAME = 1_000
"""Characters of a part's name, including its folders."""
_TEXT_ALONE = "Save only its text, as .txt or .docx, and drop that."


def epub_blocks(archive: Archive) -> Iterator[str]:
    """Yield paragraphs in Markdown. Raises NotText if pages are missing or locked, and TooLarge."""
    package = _Package(archive)
    for page in package.pages():
        yield from page_blocks(decoded(archive.read(page)))


def epub_cover(archive: Archive) -> Cover | None:
    """Return the book's cover picture; None if there is none that can be used."""
    package = _Package(archive)
    item = package.cover()
    suffix = _PICTURES.get(item.get("media-type", "")) if item is not None else None
    part = package.part(item) if item is not None else ""
    data = archive.picture(part) if suffix and archive.has(part) else None
    return Cover(data, suffix) if suffix and data else None


class _Package:
    """The book's package file: its parts and their reading order."""

    def __init__(self, archive: Archive) -> None:
        rootfile = archive.xml(_CONTAINER).find(".//{*}rootfile")
        self._place = _name(rootfile, "full-path") if rootfile is not None else ""
        self._root = archive.xml(self._place)
        self._items = {item.get("id", ""): item for item in self._root.iterfind(".//{*}manifest/{*}item")}
        self._archive = archive

    def pages(self) -> list[str]:
        """Return the names of the pages, each once, without those outside the reading order (notes, tables)."""
        refs = [ref for ref in self._root.iterfind(".//{*}spine/{*}itemref") if ref.get("linear", "yes") != "no"]
        ids = dict.fromkeys(ref.get("idref", "") for ref in refs)
        items = [item for id_ in ids if (item := self._items.get(id_)) is not None and _is_page(item)]
        if not items:
            raise NotText("The book lists no pages to read.", remedy="Get a complete copy of it and drop that.")
        if len(items) > MOST_PAGES:
            raise TooLarge(f"The book has {len(items):,} pages; the limit is {MOST_PAGES:,}.", remedy=_TEXT_ALONE)
        found = list(dict.fromkeys(map(self.part, items)))
        if self._locked() & set(found):
            raise self._archive.locked()
        return found

    def part(self, item: Element) -> str:
        return resolved(self._place, _name(item, "href"))

    def cover(self) -> Element | None:
        by_property = (item for item in self._items.values() if "cover-image" in item.get("properties", "").split())
        named = next((meta for meta in self._root.iterfind(".//{*}meta") if meta.get("name") == "cover"), None)
        by_name = self._items.get(named.get("content", "")) if named is not None else None
        return next(by_property, by_name)

    def _locked(self) -> set[str]:
        """Return the encrypted parts. Fonts often are, although the text is not protected."""
        if not self._archive.has(_ENCRYPTION):
            return set()
        references = self._archive.xml(_ENCRYPTION).iterfind(".//{*}CipherReference")
        return {resolved("", _name(reference, "URI")) for reference in references}


def _name(element: Element, attribute: str) -> str:
    """Return the name of the part that an element refers to. Raises TooLarge for an absurdly long name."""
    name = element.get(attribute, "")
    if len(name) > MOST_IN_NAME:
        raise TooLarge(f"The book has a file name of more than {MOST_IN_NAME:,} characters.", remedy=_TEXT_ALONE)
    return name


def _is_page(item: Element) -> bool:
    return item.get("media-type") in _PAGES and "nav" not in item.get("properties", "").split()
