"""The package of an EPUB book: its parts, their reading order, its table of contents and what it says about itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from dropdub.errors import NotText, TooLarge
from dropdub.text.archive import Archive, resolved
from dropdub.text.pages.stylesheets import Hidden, hidden_by
from dropdub.text.pages.tree import Element as PageElement
from dropdub.text.pages.tree import elements, tree, words_in
from dropdub.untrusted.markup_encoding import decoded

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_TAG = re.compile(r"<[a-zA-Z]|</[a-zA-Z]")
_NCX = "application/x-dtbncx+xml"
MOST_PAGES = 5_000
"""Most books have a page for each chapter, some for each printed page."""
MOST_TAGS = 500_000
"""Of all pages. A novel has 20,000, a Bible with every verse numbered 300,000."""
MOST_IN_NAME = 1_000
"""Characters of a part's name, including its folders."""
MOST_IN_LABEL = 300
"""Characters of a title, an author or an entry in the table of contents."""
_COVER = re.compile(r"(?<![a-z])(?:front[-_]?)?cover(?![a-z])", re.I)
_NOBODY = frozenset(
    ("unknown", "unbekannt", "desconhecido", "desconocido", "inconnu", "sconosciuto", "anonymous author")
)
"""What programs write for an author whose name they do not know."""
_TEXT_ALONE = "Save only its text, as .txt or .docx, and drop that."


@dataclass(frozen=True)
class Entry:
    """An entry of the table of contents: its level from 1, the part and the id it leads to, and its words."""

    level: int
    part: str
    fragment: str
    label: str


@dataclass(frozen=True)
class BookDetails:
    """What a book says about itself; empty where it says nothing."""

    title: str = ""
    author: str = ""
    language: str = ""


class Package:
    """The book's package file. Raises the errors of `Archive.xml`."""

    def __init__(self, archive: Archive) -> None:
        rootfile = archive.xml(_CONTAINER).find(".//{*}rootfile")
        self.place = _name(rootfile, "full-path") if rootfile is not None else ""
        self._root = archive.xml(self.place)
        self._items = {item.get("id", ""): item for item in self._root.iterfind(".//{*}manifest/{*}item")}
        self._archive = archive
        self._tags_left = MOST_TAGS

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

    def markup(self) -> list[str]:
        """Return the names of all parts with words that are there: pages in any order, and tables of contents."""
        items = [item for item in self._items.values() if item.get("media-type") in {*_PAGES, _NCX}]
        found = [part for part in dict.fromkeys(map(self.part, items)) if self._archive.has(part)]
        locked = self._locked()
        return [part for part in found if part not in locked]

    def read(self, part: str) -> str:
        """Return the text of a page. Raises TooLarge for more tags in all than people write."""
        page = decoded(self._archive.read(part))
        self._tags_left -= len(_TAG.findall(page))
        if self._tags_left < 0:
            sentence = f"The book is too complex to be read: its pages have more than {MOST_TAGS:,} tags."
            raise TooLarge(sentence, remedy=_TEXT_ALONE)
        return page

    def hidden(self) -> Hidden:
        """Return what the book's stylesheets hide."""
        sheets = (self.part(item) for item in self._items.values() if item.get("media-type") == "text/css")
        return hidden_by(decoded(self._archive.read(part)) for part in dict.fromkeys(sheets) if self._archive.has(part))

    def contents(self) -> list[Entry]:
        """Return the entries of the table of contents in order; none if there is none or it leads nowhere."""
        nav = next((item for item in self._items.values() if _is_nav(item)), None)
        ncx = next((item for item in self._items.values() if item.get("media-type") == _NCX), None)
        for item in (nav, ncx):
            part = self.part(item) if item is not None else ""
            if part and self._archive.has(part) and (found := list(_entries(self.read(part), part))):
                return found
        return []

    def details(self) -> BookDetails:
        """Return the main title, and the creators who are authors: others translated, illustrated or read it."""
        titles = self._said("title")
        main = next((words for one, words in titles if self._refined(one, "title-type") == "main"), "")
        creators = [(words, self._role(one)) for one, words in self._said("creator")]
        authors = [words for words, role in creators if role in ("", "aut")] or [words for words, _ in creators]
        named = dict.fromkeys(one for one in authors if one.casefold() not in _NOBODY)
        language = next((words for _, words in self._said("language")), "")
        return BookDetails(main or next((words for _, words in titles), ""), ", ".join(named)[:MOST_IN_LABEL], language)

    def part(self, item: Element) -> str:
        return resolved(self.place, _name(item, "href"))

    def covers(self) -> list[str]:
        """Return the parts that may be the cover, the likeliest first: pictures, or a page that shows one."""
        items = list(self._items.values())
        found = [self.part(one) for one in items if "cover-image" in one.get("properties", "").split()]
        for meta in self._root.iterfind(".//{*}meta"):
            if meta.get("name") == "cover":
                item = self._items.get(meta.get("content", ""))
                found.append(self.part(item) if item is not None else resolved(self.place, _name(meta, "content")))
        guide = self._root.iterfind(".//{*}guide/{*}reference")
        found += [resolved(self.place, _name(one, "href")) for one in guide if one.get("type") == "cover"]
        pictures = [one for one in items if one.get("media-type", "").startswith("image/")]
        found += [self.part(one) for one in pictures if _COVER.search(f"{one.get('id')} {one.get('href')}")]
        return list(dict.fromkeys(filter(self._archive.has, found)))

    def _said(self, name: str) -> list[tuple[Element, str]]:
        """Return the elements of a name in the book's description that have words, with these."""
        found = ((one, _words(one)) for one in self._root.iterfind(f".//{{*}}metadata//{{*}}{name}"))
        return [(one, words) for one, words in found if words]

    def _role(self, creator: Element) -> str:
        """Return what someone did for the book, by the code of libraries, such as `aut`; empty if it is not said."""
        own = next((text for name, text in creator.attrib.items() if name.endswith("}role")), "")
        return own or self._refined(creator, "role")

    def _refined(self, element: Element, name: str) -> str:
        """Return what the book says about an element of its description."""
        id_ = element.get("id")
        said = (meta for meta in self._root.iterfind(".//{*}meta") if meta.get("property") == name)
        return next((_words(meta) for meta in said if id_ and meta.get("refines") == f"#{id_}"), "")

    def _locked(self) -> set[str]:
        """Return the encrypted parts. Fonts often are, although the text is not protected."""
        if not self._archive.has(_ENCRYPTION):
            return set()
        references = self._archive.xml(_ENCRYPTION).iterfind(".//{*}CipherReference")
        return {resolved("", _name(reference, "URI")) for reference in references}


def _words(element: Element) -> str:
    return " ".join((element.text or "").split())[:MOST_IN_LABEL]


def _name(element: Element, attribute: str) -> str:
    """Return the name of the part that an element refers to. Raises TooLarge for an absurdly long name."""
    name = element.get(attribute, "")
    if len(name) > MOST_IN_NAME:
        raise TooLarge(f"The book has a file name of more than {MOST_IN_NAME:,} characters.", remedy=_TEXT_ALONE)
    return name


def _is_page(item: Element) -> bool:
    return item.get("media-type") in _PAGES and not _is_nav(item)


def _is_nav(item: Element) -> bool:
    return "nav" in item.get("properties", "").split()


def _entries(page: str, part: str) -> Iterator[Entry]:
    """Yield the entries of a table of contents of either version of EPUB."""
    root = tree(page)
    navs = [one for one in elements(root) if one.name == "nav"]
    toc = next((one for one in navs if "toc" in one.get("epub:type").split()), navs[0] if navs else None)
    found = _listed(toc, page, 0) if toc is not None else _points(root, page, 0)
    for level, target, label in found:
        place, _, fragment = target.partition("#")
        if label and len(target) <= MOST_IN_NAME:
            yield Entry(level, resolved(part, place) if place else part, fragment, label[:MOST_IN_LABEL])


def _listed(element: PageElement, page: str, level: int) -> Iterator[tuple[int, str, str]]:
    for child in element.children:
        if isinstance(child, PageElement):
            if child.name == "a":
                yield level, child.get("href"), words_in(page, child)
            else:
                yield from _listed(child, page, level + (child.name == "ol"))


def _points(element: PageElement, page: str, level: int) -> Iterator[tuple[int, str, str]]:
    inside = [child for child in element.children if isinstance(child, PageElement)]
    label = next((words_in(page, child) for child in inside if child.name == "navlabel"), "")
    if element.name == "navpoint":
        yield level, next((child.get("src") for child in inside if child.name == "content"), ""), label
    for child in inside:
        yield from _points(child, page, level + (child.name == "navpoint"))
