"""Notes that are plain paragraphs: they begin with a link back to the mark that leads to them. Pure, in linear time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import unquote

from dropdub.text.pages.tree import Element
from dropdub.untrusted.text import unescaped

_LINK = re.compile(
    r"<a\s[^<>]{0,300}?href\s?=\s?[\"'][^\"'<>#]{0,300}#(?P<place>[^\"'<>]{1,200})[\"'][^<>]{0,300}>"
    r"(?P<words>(?:[^<>]{1,20}+|<[^<>]{1,200}+>){0,5}?)</a>",
    re.I,
)
"""A link with few words to a place in a book."""
_BEGINNING = re.compile(
    r"(?:<(?!h[1-6]\b)[a-z][^<>]{0,500}+>\s{0,99}+|</(?:a|span|sup)>\s{0,99}+){1,9}?[\[(]?(?=<a\s)", re.I
)
"""Tags before the first word of a paragraph that begins with a link. A heading may lead to the table of contents."""
_ID = re.compile(r"\s(?:id|name)\s?=\s?[\"']([^\"'<>]{1,200})[\"']", re.I)
_TAG = re.compile(r"<[^<>]*>")
_MARK = re.compile(r"[\[({]?\s*(?:\d{1,4}|[a-z]|[ivxlc]{1,6}|[*†‡§¶#]{1,5}|↩\ufe0e?|↑|◎)\s*[\])}.]?", re.I)
_MAY_BE_NOTES = frozenset(("p", "li", "div", "dd", "tr", "blockquote", "aside"))
_LONGEST_BEGINNING = 2_000


@dataclass(frozen=True)
class NoteLinks:
    """The ids to which one short link leads, such as `1`, on a page and on those before it; and where its ids are."""

    targets: frozenset[str]
    places: dict[str, int]

    def lead_to(self, element: Element, page: str) -> bool:
        """Return whether an element is a note. Its mark comes first: a verse whose number leads to a note is none."""
        if not self.targets or element.name not in _MAY_BE_NOTES:
            return False
        beginning = _BEGINNING.match(page, element.start, element.start + _LONGEST_BEGINNING)
        link = _LINK.match(page, beginning.end()) if beginning else None
        if beginning is None or link is None or not _is_mark(link):
            return False
        back = unquote(link["place"])
        own = {unquote(one[1]) for one in _ID.finditer(page, element.start, link.end())}
        return back in self.targets and not own.isdisjoint(self.targets) and self.places.get(back, -1) < element.start


def link_targets(page: str) -> frozenset[str]:
    """Return the ids to which exactly one short link of a page leads: to a table of contents, many do."""
    found = Counter(unquote(one["place"]) for one in _LINK.finditer(page) if _is_mark(one))
    return frozenset(place for place, number in found.items() if number == 1)


def note_links(page: str, before: frozenset[str]) -> NoteLinks:
    """Return the links of a page; `before` are the targets of the pages before it."""
    targets = before | link_targets(page)
    places = {unquote(one[1]): one.start() for one in _ID.finditer(page)} if targets else {}
    return NoteLinks(targets, places)


def _is_mark(link: re.Match[str]) -> bool:
    return "<img" in link["words"] or _MARK.fullmatch(unescaped(_TAG.sub("", link["words"])).strip()) is not None
