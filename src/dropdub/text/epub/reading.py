"""The text of an EPUB book in reading order, what it says about itself, and its cover."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dropdub.text.archive import Archive, Cover
from dropdub.text.epub.package import BookDetails, Entry, Package
from dropdub.text.pages.reading import passages_of
from dropdub.text.rewriting.passages import Passage, as_blocks, read_passages

_PICTURES = {"image/jpeg": "jpg", "image/png": "png"}
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
    for part in pages:
        page = package.read(part)
        read = list(read_passages(passages_of(page, hidden=hidden)))
        yield from as_blocks(_with_headings(read, page, by_page[part]))


def epub_cover(archive: Archive) -> Cover | None:
    """Return the book's cover picture; None if there is none that can be used."""
    package = Package(archive)
    item = package.cover()
    suffix = _PICTURES.get(item.get("media-type", "")) if item is not None else None
    part = package.part(item) if item is not None else ""
    data = archive.picture(part) if suffix and archive.has(part) else None
    return Cover(data, suffix) if suffix and data else None


def epub_details(archive: Archive) -> BookDetails:
    return Package(archive).details()


def _with_headings(passages: Sequence[Passage], page: str, entries: Sequence[Entry]) -> list[Passage]:
    """Return passages; those that have the words of their entry in the table of contents are headings."""
    found, ends = list(passages), [one.end for one in passages]
    places = _places(page) if any(entry.fragment for entry in entries) else {}
    for entry in entries:
        number = bisect_right(ends, places.get(entry.fragment, 0))
        if number < len(found) and not found[number].marker and _is_entry(found[number].text, entry.label):
            found[number] = replace(found[number], marker="#" * min(max(entry.level, 1), 6) + " ")
    return found


def _places(page: str) -> dict[str, int]:
    return {one[1]: one.start() for one in re.finditer(r"\s(?:id|name)=[\"']([^\"'<>]{1,200})[\"']", page)}


def _is_entry(text: str, label: str) -> bool:
    """Return whether a paragraph consists of the words of an entry: all of them, or their beginning or end."""
    words, wanted = re.findall(r"\w+", text.casefold()), re.findall(r"\w+", label.casefold())
    if not words or len(text) > _LONGEST_HEADING:
        return False
    return words in (wanted, wanted[: len(words)], wanted[-len(words) :])
