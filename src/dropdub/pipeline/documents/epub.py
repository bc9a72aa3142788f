"""The text of an EPUB book, chapter by chapter in the order of reading, and its cover."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

from dropdub.errors import NotText
from dropdub.pipeline.documents.archive import Archive, Cover, resolved

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})
_PICTURES = {"image/jpeg": "jpg", "image/png": "png"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCK_TAGS = """
p div section article blockquote li td th tr table ul ol dl dt dd figure figcaption aside header footer hr
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SILENT = frozenset({"head", "script", "style", "nav", "svg", "math", "template"})


def epub_blocks(archive: Archive) -> Iterator[str]:
    """Yield paragraphs as Markdown has them. Raises NotText where pages are missing or locked."""
    package = _Package(archive)
    for page in package.pages():
        reader = _Page()
        reader.feed(archive.read(page).decode("utf-8-sig", "replace"))
        reader.close()
        yield from reader.finished()


def epub_cover(archive: Archive) -> Cover | None:
    """Return the picture that the book names as its cover."""
    package = _Package(archive)
    item = package.cover()
    suffix = _PICTURES.get(item.get("media-type", "")) if item is not None else None
    part = package.part(item) if item is not None else ""
    return Cover(archive.read(part), suffix) if suffix and archive.has(part) else None


class _Package:
    """What the book's package file says: its parts, and the order in which they are read."""

    def __init__(self, archive: Archive) -> None:
        rootfile = archive.xml(_CONTAINER).find(".//{*}rootfile")
        self._place = rootfile.get("full-path", "") if rootfile is not None else ""
        self._root = archive.xml(self._place)
        self._items = {item.get("id", ""): item for item in self._root.iterfind(".//{*}manifest/{*}item")}
        self._archive = archive

    def pages(self) -> list[str]:
        """Return the names of the pages; those that are not to be read on the way (notes, tables) are left out."""
        refs = [ref for ref in self._root.iterfind(".//{*}spine/{*}itemref") if ref.get("linear", "yes") != "no"]
        items = [item for ref in refs if (item := self._items.get(ref.get("idref", ""))) is not None]
        found = [self.part(item) for item in items if _is_page(item)]
        if not found:
            raise NotText("The book names no pages to be read.", remedy="Get a whole copy of it, and drop that.")
        if self._locked() & set(found):
            raise self._archive.locked()
        return found

    def part(self, item: Element) -> str:
        return resolved(self._place, item.get("href", ""))

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
        return {resolved("", reference.get("URI", "")) for reference in references}


def _is_page(item: Element) -> bool:
    return item.get("media-type") in _PAGES and "nav" not in item.get("properties", "").split()


class _Page(HTMLParser):
    """Gathers the blocks of one page; lenient, as what reads the web must be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = []
        self._text: list[str] = []
        self._marker = ""
        self._silent: list[str] = []

    def finished(self) -> list[str]:
        self._end_block()
        return self._blocks

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent or tag in _SILENT:
            self._silent += [tag] if tag in _SILENT else []
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._end_block()
            self._marker = _HEADINGS.get(tag, "- " if tag == "li" else self._marker)
        elif tag == "br":
            self._text.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._end_block()
            self._marker = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def _end_block(self) -> None:
        if text := " ".join("".join(self._text).split()):
            self._blocks.append(self._marker + text)
            self._marker = ""
        self._text = []
