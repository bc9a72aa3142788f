"""Find texts that no catalogue can translate: in rendered pages, and in their templates."""

from __future__ import annotations

import gettext
import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

LEFT, RIGHT = "⟦", "⟧"
_ATTRIBUTES = ("aria-label", "aria-description", "alt", "label", "placeholder", "title")
"""Attributes that a person reads or hears. Of `data-…`, which scripts read, only prose counts."""
_UNREAD = ("script", "style", "code", "pre", "bdi")
_EMPTY = ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
_THE_SAME_EVERYWHERE = re.compile(
    r"\b(Dropdub|Open WebUI|Bazarr|Home Assistant|SHA|dB|min|kB|MB|GB|TB|[\w-]+\.(html|json|mp3|srt|svg|txt|yaml))\b"
)
"""Names of programs and files, and units."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_PROSE = re.compile(r"[A-Z][a-z]+(?![\w-])|[,:(].*[a-z]{2}| \w+ |.*\s.*[.,:?!…]\s?$|(\S+\s+){2,}\S", re.DOTALL)
"""A text that is no name for programs: it begins with a capital, or as a part of a sentence does, or has many words."""
_TRANSLATED = ("_", "gettext", "ngettext", "pgettext")
_CODE = ("copied",)
"""Macros that show their arguments as code."""


class Bracketed(gettext.NullTranslations):
    """A catalogue that translates each message into itself in brackets, and notes which were wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: set[str] = set()

    def gettext(self, message: str) -> str:
        self.wanted.add(message)
        return f"{LEFT}{message}{RIGHT}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.wanted.add(msgid1)
        return f"{LEFT}{msgid1 if n == 1 else msgid2}{RIGHT}"

    def pgettext(self, context: str, message: str) -> str:
        self.wanted.add(message)
        return f"{LEFT}{message}{RIGHT}"


def untranslated(html: str, *, given: Collection[str] = ()) -> list[str]:
    """Return the texts of a page outside brackets. What is `given`, or in an element with a language of its own, or
    one that says `translate="no"`, is somebody else's.
    """
    return [text for text in _Texts(html).found if _WORD.search(_bare(text, given))]


def untranslated_in_template(source: str) -> list[str]:
    """Return the texts of a template that are no messages: between its expressions, and in them."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    between = untranslated("".join(_data(environment, source)))
    return [*between, *_constants(environment.parse(source))]


def _bare(text: str, given: Collection[str]) -> str:
    """Return a text without what is in brackets, what is given, and what is the same in all languages."""
    for one in sorted(given, key=len, reverse=True):
        text = text.replace(one, "")
    depth, outside = 0, ""
    for character in text:
        depth += (character == LEFT) - (character == RIGHT)
        outside += character if depth == 0 else " "
    return _THE_SAME_EVERYWHERE.sub("", outside)


class _Texts(HTMLParser):
    """What a person reads of a page: its texts, and the attributes that are shown or spoken."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        is_foreign = tag in _UNREAD or (bool(names & {"lang", "translate"}) and tag != "html")
        for name, value in attrs:
            if value and (name in _ATTRIBUTES or (name.startswith("data-") and _PROSE.match(value))):
                self.found.append(value)
        if tag not in _EMPTY:
            self._open.append((tag, is_foreign))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self._open) and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(is_foreign for _, is_foreign in self._open):
            self.found.append(data.strip())


def _data(environment: Environment, source: str) -> Iterator[str]:
    """Yield the parts of a template that are no expressions, comments or `{% trans %}` blocks.

    A tag whose name is an expression is called `x`.
    """
    in_message, before = False, ""
    for _, kind, value in environment.lex(source):
        if kind == "name" and value in ("trans", "endtrans"):
            in_message = value == "trans"
        elif kind == "data" and not in_message:
            yield value
            before = value
        elif kind == "variable_begin" and before.endswith(("<", "</")):
            yield "x"


def _constants(node: nodes.Node) -> Iterator[str]:
    """Yield the prose among the texts in a template's expressions that are no arguments of a message, and no code."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _TRANSLATED + _CODE:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _PROSE.match(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _constants(child)
