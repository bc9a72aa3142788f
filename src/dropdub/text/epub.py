"""The text of an EPUB book, chapter by chapter in the order of reading, and its cover."""

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
"""A book has one for each chapter, some have one for each printed page."""
MOST_IN_NAME = 1_000
"""Characters of a part's name, with its folders."""
_TEXT_ALONE = "Save its text alone, as .txt or .docx, and drop that."


def epub_blocks(archive: Archive) -> Iterator[str]:
    """Yield paragraphs as Markdown has them. Raises NotText where pages are missing or locked."""
    package = _Package(archive)
    for page in package.pages():
        yield from page_blocks(decoded(archive.read(page)))


def epub_cover(archive: Archive) -> Cover | None:
    """Return the picture that the book names as its cover."""
    package = _Package(archive)
    item = package.cover()
    suffix = _PICTURES.get(item.get("media-type", "")) if item is not None else None
    part = package.part(item) if item is not None else ""
    data = archive.picture(part) if suffix and archive.has(part) else None
    return Cover(data, suffix) if suffix and data else None


class _Package:
    """What the book's package file says: its parts, and the order in which they are read."""

    def __init__(self, archive: Archive) -> None:
        rootfile = archive.xml(_CONTAINER).find(".//{*}rootfile")
        self._place = _name(rootfile, "full-path") if rootfile is not None else ""
        self._root = archive.xml(self._place)
        self._items = {item.get("id", ""): item for item in self._root.iterfind(".//{*}manifest/{*}item")}
        self._archive = archive

    def pages(self) -> list[str]:
        """Return the names of the pages, each once; without those that are not read on the way (notes, tables)."""
        refs = [ref for ref in self._root.iterfind(".//{*}spine/{*}itemref") if ref.get("linear", "yes") != "no"]
        ids = dict.fromkeys(ref.get("idref", "") for ref in refs)
        items = [item for id_ in ids if (item := self._items.get(id_)) is not None and _is_page(item)]
        if not items:
            raise NotText("The book names no pages to be read.", remedy="Get a whole copy of it, and drop that.")
        if len(items) > MOST_PAGES:
            raise TooLarge(f"The book has {len(items):,} pages; at most {MOST_PAGES:,} are read.", remedy=_TEXT_ALONE)
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
        """Return the parts that are encrypted. Fonts often are, which is no protection of the text."""
        if not self._archive.has(_ENCRYPTION):
            return set()
        references = self._archive.xml(_ENCRYPTION).iterfind(".//{*}CipherReference")
        return {resolved("", _name(reference, "URI")) for reference in references}


def _name(element: Element, attribute: str) -> str:
    """Return the name of a part that an element refers to. Raises TooLarge for one that no part can have."""
    name = element.get(attribute, "")
    if len(name) > MOST_IN_NAME:
        raise TooLarge(f"The book names a part in more than {MOST_IN_NAME:,} characters.", remedy=_TEXT_ALONE)
    return name


def _is_page(item: Element) -> bool:
    return item.get("media-type") in _PAGES and "nav" not in item.get("properties", "").split()
