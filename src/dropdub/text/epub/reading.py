"""The text of an EPUB book in reading order, what it says about itself, and its cover."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dropdub.text.archive import Archive, Cover, resolved
from dropdub.text.epub.package import MOST_IN_NAME, BookDetails, Entry, Package
from dropdub.text.pages.note_links import link_targets
from dropdub.text.pages.reading import passages_of
from dropdub.text.pages.tree import elements, tree
from dropdub.text.rewriting.passages import Passage, Words, as_blocks, read_passages
from dropdub.untrusted.markup_encoding import decoded

_KINDS = (
    (re.compile(rb"\xff\xd8\xff"), "jpg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"GIF8"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.S), "webp"),
    (re.compile(rb"BM"), "bmp"),
)
"""Pictures by their first bytes: the type that a book states is often wrong, as `image/jpg`."""
_PAGES = (".xhtml", ".html", ".htm", ".xml")
_PICTURE = re.compile(r"<(?:img|image|svg)\b", re.I)
_LONGEST_HEADING = 120


def epub_blocks(archive: Archive) -> Iterator[str]:
    """Yield paragraphs in Markdown. Raises NotText if pages are missing or locked, and TooLarge.

    Paragraphs that the table of contents leads to are headings, also where the page does not say so.
    """
    package = Package(archive)
    pages, hidden = package.pages(), package.hidden()
    by_page: dict[str, list[Entry]] = defaultdict(list)
    for entry in package.contents():
        by_page[entry.part].append(entry)
    notes: frozenset[str] = frozenset()
    for part in pages:
        page = package.read(part)
        read = list(read_passages(passages_of(page, hidden=hidden, notes=notes)))
        yield from as_blocks(_with_headings(read, page, by_page[part]))
        notes |= link_targets(page)


def epub_cover(archive: Archive) -> Cover | None:
    """Return the book's cover picture; None if it has none. Its type is that of its bytes, else that of its name."""
    package = Package(archive)
    for part in package.covers():
        page = decoded(archive.read(part)) if part.lower().endswith(_PAGES) else None
        picture = part if page is None else _shown_on(page, part)
        if picture and archive.has(picture) and (data := archive.picture(picture)):
            kind = next((kind for mark, kind in _KINDS if mark.match(data)), _suffix(picture))
            return Cover(data, kind)
    return None


def _suffix(part: str) -> str:
    suffix = part.rpartition(".")[2].lower()[:5]
    return "jpg" if suffix == "jpeg" else suffix


def _shown_on(page: str, part: str) -> str:
    """Return the first picture on a page, such as that of the cover; empty if there is none."""
    for one in elements(tree(page)):
        address = one.get("src") if one.name == "img" else ""
        if one.name == "image":
            address = one.get("xlink:href") or one.get("href")
        if address and len(address) <= MOST_IN_NAME:
            return resolved(part, address)
    return ""


def epub_details(archive: Archive) -> BookDetails:
    return Package(archive).details()


def _with_headings(passages: Sequence[Passage], page: str, entries: Sequence[Entry]) -> list[Passage]:
    """Return passages; those that have the words of their entry in the table of contents are headings.

    Where a picture stands for the heading, its entry is read.
    """
    found, ends = list(passages), [one.end for one in passages]
    places = _places(page) if any(entry.fragment for entry in entries) else {}
    drawn = []
    for entry in entries:
        place = places.get(entry.fragment, 0)
        number = bisect_right(ends, place)
        marker = "#" * min(max(entry.level, 1), 6) + " "
        if number >= len(found) or found[number].marker:
            continue
        if _is_entry(found[number].text, entry.label):
            found[number] = replace(found[number], marker=marker)
        elif _PICTURE.search(page, place, found[number].start) and len(entry.label) <= _LONGEST_HEADING:
            start = found[number].start
            drawn.append((number, Passage((Words(entry.label),), start, start, marker)))
    for number, heading in reversed(drawn):
        found.insert(number, heading)
    return found


def _places(page: str) -> dict[str, int]:
    return {one[1]: one.start() for one in re.finditer(r"\s(?:id|name)=[\"']([^\"'<>]{1,200})[\"']", page)}


def _is_entry(text: str, label: str) -> bool:
    """Return whether a paragraph consists of the words of an entry: all of them, or their beginning or end."""
    words, wanted = re.findall(r"\w+", text.casefold()), re.findall(r"\w+", label.casefold())
    if not words or len(text) > _LONGEST_HEADING:
        return False
    return words in (wanted, wanted[: len(words)], wanted[-len(words) :])
