"""The paragraphs of an HTML page, parsed leniently and in linear time for any input. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dropdub.untrusted.text import unescaped

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCK_TAGS = """
p div section article blockquote li td th tr table ul ol dl dt dd figure figcaption aside header footer hr
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SILENT = frozenset({"head", "script", "style", "nav", "svg", "math", "template"})
_RAW_ENDS = {tag: re.compile(rf"</{tag}[\s/>]", re.I) for tag in ("script", "style")}
"""Elements whose content is not markup, and where each ends."""
# Python's html.parser (before 3.11.14) takes quadratic time for `<a `, `</` and `<!--` that never end. This pattern
# never backtracks (`++`, `*+`), and a tag extends to the next `<` at most, so each character is read only a few times.
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/<>]*+)(?P<rest>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>?")


def page_blocks(page: str) -> list[str]:
    """Return the paragraphs of a page: `# ` before headings, `- ` before list items; each on one line."""
    reader = _Page()
    for text, tag in _pieces(page):
        if tag is None:
            reader.text(text)
        else:
            reader.tag(tag)
    return reader.finished()


def _pieces(page: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield texts and tags in order, without comments, declarations and the content of scripts."""
    at = 0
    while (start := page.find("<", at)) >= 0:
        if start > at:
            yield page[at:start], None
        tag = _TAG.match(page, start)
        if tag is not None:
            yield "", tag
            at = _after_raw(page, tag)
        elif page.startswith("<!--", start):
            at = _after(page, "-->", start + 2)
        elif page.startswith(("<!", "<?", "</"), start):
            at = _after(page, ">", start)
        else:
            yield "<", None
            at = start + 1
    yield page[at:], None


def _after(page: str, mark: str, start: int) -> int:
    """Return the position after the next `mark`; if there is none, the end, so that no text is searched twice."""
    found = page.find(mark, start)
    return found + len(mark) if found >= 0 else len(page)


def _after_raw(page: str, tag: re.Match[str]) -> int:
    ends = _RAW_ENDS.get(tag["name"].lower()) if not tag["end"] and not _is_empty(tag) else None
    if ends is None:
        return tag.end()
    found = ends.search(page, tag.end())
    return found.start() if found else len(page)


def _is_empty(tag: re.Match[str]) -> bool:
    """Return whether a tag is self-closing, as `<br/>` is."""
    return tag["rest"].endswith("/")


class _Page:
    """Collects the blocks of a page."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._text: list[str] = []
        self._marker = ""
        self._silent: list[str] = []

    def finished(self) -> list[str]:
        self._end_block()
        return self._blocks

    def tag(self, tag: re.Match[str]) -> None:
        name = tag["name"].lower()
        if tag["end"]:
            self._ended(name)
        elif not _is_empty(tag):
            self._begun(name)
        elif name not in _SILENT:
            self._begun(name)
            self._ended(name)

    def text(self, text: str) -> None:
        if not self._silent:
            self._text.append(text)

    def _begun(self, name: str) -> None:
        if self._silent or name in _SILENT:
            self._silent += [name] if name in _SILENT else []
        elif name in _HEADINGS or name in _BLOCKS:
            self._end_block()
            self._marker = _HEADINGS.get(name, "- " if name == "li" else self._marker)
        elif name == "br":
            self._text.append(" ")

    def _ended(self, name: str) -> None:
        if self._silent:
            if name == self._silent[-1]:
                self._silent.pop()
        elif name in _HEADINGS or name in _BLOCKS:
            self._end_block()
            self._marker = ""

    def _end_block(self) -> None:
        if text := " ".join(unescaped("".join(self._text)).split()):
            self._blocks.append(self._marker + text)
            self._marker = ""
        self._text = []
