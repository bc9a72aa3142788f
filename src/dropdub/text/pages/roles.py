"""What an element of a book's page is for: words to read, a note mark, a page number, something hidden. Pure."""

from __future__ import annotations

import re

from dropdub.text.pages.stylesheets import Hidden
from dropdub.text.pages.tree import Element, elements, words_in

UNTRANSLATED = frozenset(
    [
        "script",
        "style",
        "template",
        "svg",
        "math",
        "audio",
        "video",
        "object",
        "iframe",
        "canvas",
        "noscript",
        "docauthor",
    ]
)
"""Elements without prose: they stay as they are."""
CODE = frozenset(["code", "kbd", "samp", "var", "tt"])
READING_AIDS = frozenset(["rt", "rp", "rtc"])
"""Of ruby: how a word is pronounced. Who reads aloud needs no aid, and a translation has no such words."""
_NOTE_MARKS = frozenset(("noteref", "doc-noteref", "biblioref", "doc-biblioref", "backlink", "doc-backlink"))
_NOTE_BODIES = frozenset(
    (
        *("footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note"),
        *("doc-footnote", "doc-endnote", "doc-endnotes"),
    )
)
_PAGE_BREAKS = frozenset(("pagebreak", "doc-pagebreak"))
_NOTE_CLASS = re.compile(r"(?:foot|end|rear)-?notes?(?:[-_]?(?:text|body|item|def|list|content|s))?", re.I)
_MARK_CLASS = re.compile(
    r"(?:(?:foot|end|rear)?-?note-?_?(?:ref|mark|link|anchor|call|back)\w{0,9}|fnref|noteref|footnote)", re.I
)
_PAGE_CLASS = re.compile(r"page-?_?(?:break|num|number|no|nr)s?|pagenum\w{0,9}", re.I)
_PAGE_NUMBER = re.compile(
    r"[\[({]?\s*(?:(?:p|pp|pg|page|pág|seite|s)\b\.?\s*)?(?:\d{1,5}|[ivxlcdm]{1,8})\s*[\])}]?", re.I
)
_MARK = re.compile(r"[\[({]?\s*(?:\d{1,4}|[a-z]|[ivxlc]{1,6}|[*†‡§¶#]{1,5}|↩\ufe0e?|↑)\s*[\])}.]?", re.I)
_SURE_MARK = re.compile(r"[\[({]\s*\d{1,4}\s*[\])}]|[*†‡§¶]{1,5}|↩\ufe0e?|↑")
_LONGEST_MARK = 20
_STAYS = re.compile(r"(?:^|\s)translate=[\"']?no\b", re.I)
_MAY_HIDE = re.compile("hidden|style", re.I)
_HIDING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.I)


def is_hidden(element: Element, hidden: Hidden) -> bool:
    """Return whether an element is not shown, or is there for the eye only."""
    if _MAY_HIDE.search(element.attributes) is None:
        return bool(hidden) and hidden.matches(element)
    return (
        (element.has("hidden") and element.get("hidden").lower() not in ("false", "until-found"))
        or element.get("aria-hidden").lower() == "true"
        or _HIDING.search(element.get("style")) is not None
        or hidden.matches(element)
    )


def is_verbatim(element: Element) -> bool:
    """Return whether the words of an element stay as they are: code, or what its author wants kept."""
    return element.name in CODE or _STAYS.search(element.attributes) is not None


def is_note_body(element: Element) -> bool:
    """Return whether an element is a footnote or a list of notes, which is not part of the running text."""
    if "note" not in element.attributes.lower():
        return False
    return bool(_types(element) & _NOTE_BODIES) or any(_NOTE_CLASS.fullmatch(one) for one in element.classes)


def is_page_break(element: Element, page: str) -> bool:
    """Return whether an element marks a page of the printed book: it is empty, or its words are a page number."""
    if "page" not in element.attributes.lower():
        return False
    named = bool(_types(element) & _PAGE_BREAKS)
    if not named and not any(map(_PAGE_CLASS.fullmatch, element.classes)):
        return False
    words = _short_words(element, page)
    return words is not None and (not words or _PAGE_NUMBER.fullmatch(words) is not None)


def is_note_mark(element: Element, page: str) -> bool:
    """Return whether an element is the mark of a note, or the way back from it."""
    if element.name not in ("a", "sup", "span", "small") or not _may_be_mark(element):
        return False
    words = _short_words(element, page)
    if words is None or not words or _MARK.fullmatch(words) is None:
        return False
    links = [one for one in elements(element) if one.name == "a" and one.has("href")]
    named = any(_types(one) & _NOTE_MARKS or any(map(_MARK_CLASS.fullmatch, one.classes)) for one in elements(element))
    raised = any(one.name == "sup" for one in elements(element)) and any("#" in one.get("href") for one in links)
    return named or raised or (element.name == "a" and _is_touching_link(element, page, words))


def _is_touching_link(element: Element, page: str, words: str) -> bool:
    """Return whether a link follows a word without a blank, as a note mark does and a link to page 12 does not."""
    before = page[max(element.start - 1, 0) : element.start]
    touches = bool(before.strip()) and before not in ">(["
    return "#" in element.get("href") and (touches or _SURE_MARK.fullmatch(words) is not None)


def _may_be_mark(element: Element) -> bool:
    return element.name in ("a", "sup") or bool(element.classes) or bool(_types(element))


def _short_words(element: Element, page: str) -> str | None:
    """Return the words of an element; None if they are too many for a mark or a page number."""
    if element.end - element.start > 1_000 or len(words := words_in(page, element)) > _LONGEST_MARK:
        return None
    return words


def _types(element: Element) -> set[str]:
    return {*element.get("epub:type").lower().split(), *element.get("role").lower().split()}
