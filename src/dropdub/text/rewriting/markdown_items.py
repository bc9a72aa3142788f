"""The inline markup of a Markdown paragraph as words, spans and what stays, and words written as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, autolink, backtick, escape, image, link
from markdown_it.token import Token

from dropdub.engines.addresses import ADDRESS
from dropdub.text.pages.roles import CODE
from dropdub.text.rewriting.passages import Item, Kept, Span, Words

INLINE_NESTING = 10
NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,99}\]")
_TIMES = re.compile(r"(?<=\d)\*(?=\d)")
_VERBATIM = re.compile(
    r"\$\$[^$\n]{1,300}\$\$|\$(?=[^\s$])[^$\n]{1,300}(?<=[^\s$])\$(?!\d)"
    r"|\{\{[^{}\n]{1,300}\}\}|\{%[^{}\n]{1,300}%\}|\{\s?[#.:][^{}\n]{1,300}\}"
    r"|!?\[\[[^\[\]\n]{1,300}\]\]|:[a-z][a-z0-9_+-]{1,40}:(?!\w)"
    r"|\\\((?:[^\\\n]|\\(?![()])){1,300}\\\)|%%[^%\n]{1,300}%%|\[@[^\[\]\n]{1,300}\]|(?<=\s)\^[A-Za-z0-9-]{1,40}(?=\n|\Z)"
    r"|(?<![^\s(])#[^\W\d][\w/-]{0,60}|\+\+[\w+-]{1,60}\+\+"
)
"""Formulas, placeholders and short codes of site generators, attributes, wiki links, emoji by their names, comments,
citations, the names of paragraphs, tags and keys."""
_AROUND_WORDS = re.compile(
    r"\[\[[^\[\]|\n]{1,300}\|(?P<a>[^\[\]|\n]{1,300})\]\]"
    r"|(?<![=\w])==(?=[^\s=])(?P<b>[^=*_`\n]{1,300})==(?![=\w])"
    r"|\^\[(?P<c>[^\[\]*_`\n]{1,300})\]|\[(?P<d>[^\[\]*_`\n]{1,300})\](?=\{[#.:])"
)
"""Wiki links with words of their own, highlighted words, notes in a line, and words with attributes."""
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
_VOID = frozenset(["br", "img", "hr", "input", "wbr", "source"])
_SPECIAL = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)|<(?=[a-zA-Z/!?])|&(?=#?\w{1,32};)|~(?=~)|(?<=~)~")
_BEGINNING = re.compile(r"(?:#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|(?:=+|-+)(?=\s*$)|~{3,})|(\d{1,9})[.)](?=\s|$)")


def parser() -> MarkdownIt:
    """Return a parser of paragraphs whose tokens know the markup that they come from."""
    made = MarkdownIt("commonmark", {"maxNesting": INLINE_NESTING}).enable("strikethrough")
    rules = made.inline.ruler
    rules.at("link", _remembering(link, "link_open"))
    rules.at("image", _remembering(image, "image"))
    rules.at("backticks", _remembering(backtick, "code_inline"))
    rules.at("autolink", _remembering(autolink, "link_open"))
    rules.at("escape", _remembering(escape, "hardbreak"))
    rules.before("escape", "kept", _kept)
    rules.before("emphasis", "times", times)
    return made


def escaped(text: str) -> str:
    """Return words as Markdown that shows them."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)


def begun(line: str) -> str:
    """Return a line of a paragraph that cannot be taken for the beginning of another block."""
    found = _BEGINNING.match(line)
    if found is None:
        return line
    number = found[1] or ""
    return f"{number}\\{line[len(number) :]}"


def items_of(tokens: Sequence[Token]) -> tuple[Item, ...]:
    """Return the items of a paragraph from its inline tokens."""
    stack = _Stack()
    for token in tokens:
        stack.add(token)
    return stack.finished()


@dataclass
class _Open:
    """Markup that has begun: its start, the name of its HTML element if it is one, and its content so far."""

    start: str
    name: str = ""
    end: str = ""
    content: list[Item] = field(default_factory=list)


class _Stack:
    """Nests tokens. Links are the only markup of Markdown whose end is known at its beginning."""

    def __init__(self) -> None:
        self._open = [_Open("")]

    def finished(self) -> tuple[Item, ...]:
        while len(self._open) > 1:
            self._flatten()
        return tuple(self._open[0].content)

    def add(self, token: Token) -> None:
        content = self._open[-1].content
        match token.type:
            case "text" | "text_special":
                content += _texts(token.content)
            case "softbreak":
                content.append(Kept("\n", breaks=True))
            case "hardbreak":
                content.append(Kept("\\\n" if "raw" in token.meta else "  \n", breaks=True))
            case "code_inline":
                content.append(Kept(token.meta["raw"], shown=token.content))
            case "around":
                content.append(Span(token.info, token.markup, (Words(token.content),)))
            case "kept":
                content.append(Kept(token.content, shown="" if NOTE_MARK.match(token.content) else token.content))
            case "image":
                content.append(Span("![", _tail(token), items_of(token.children or ())))
            case "html_inline":
                self._html(token.content)
            case "link_open":
                self._open.append(_Open("<" if token.markup == "autolink" else "[", "a", _tail(token)))
            case "link_close":
                self._close_link(token)
            case _ if token.nesting > 0:
                self._open.append(_Open(token.markup))
            case _ if token.nesting < 0:
                self._close(token.markup)

    def _close_link(self, token: Token) -> None:
        found = self._to("a")
        if token.markup == "autolink":
            address = "".join(
                one.text if isinstance(one, Words) else getattr(one, "shown", "") for one in found.content
            )
            self._open[-1].content.append(Kept(f"<{address}>", shown=address))
        else:
            self._open[-1].content.append(Span(found.start, found.end, tuple(found.content)))

    def _close(self, markup: str) -> None:
        found = self._open.pop() if len(self._open) > 1 else _Open("")
        self._open[-1].content.append(Span(found.start, markup, tuple(found.content)))

    def _html(self, raw: str) -> None:
        tag = _TAG.match(raw)
        name = tag[2].lower() if tag else ""
        if not name or raw.endswith("/>") or name in _VOID:
            self._open[-1].content.append(Kept(raw, breaks=name == "br"))
        elif tag and not tag[1]:
            self._open.append(_Open(raw, f"<{name}"))
        elif self._open[-1].name == f"<{name}":
            self._close_html(raw, name)
        else:
            self._open[-1].content.append(Kept(raw))

    def _close_html(self, raw: str, name: str) -> None:
        found = self._open.pop()
        span = Span(found.start, raw, tuple(found.content))
        plain = all(isinstance(one, Words) for one in found.content)
        words = "".join(one.text for one in found.content if isinstance(one, Words))
        is_code = name in CODE and plain
        self._open[-1].content.append(Kept(f"{found.start}{words}{raw}", shown=words) if is_code else span)

    def _to(self, name: str) -> _Open:
        """Return the innermost open markup of that name, with what is open inside it flattened."""
        while len(self._open) > 2 and self._open[-1].name != name:
            self._flatten()
        return self._open.pop() if len(self._open) > 1 else _Open("")

    def _flatten(self) -> None:
        found = self._open.pop()
        self._open[-1].content += [Kept(found.start), *found.content]


def _texts(text: str) -> list[Item]:
    """Return a text as words, with addresses kept."""
    found: list[Item] = []
    at = 0
    for address in ADDRESS.finditer(text):
        found += [Words(text[at : address.start()]), Kept(address[0], shown=address[0])]
        at = address.end()
    return [*found, Words(text[at:])]


def _tail(token: Token) -> str:
    """Return what is written after the words of a link or picture. A label that is its words is written out."""
    raw, end = token.meta.get("raw", ""), token.meta.get("label_end", 0)
    tail = raw[end:]
    label = raw[raw.find("[") + 1 : end]
    return f"][{label}]" if tail in ("]", "][]") else tail


def _remembering(rule: Callable[[StateInline, bool], bool], kind: str) -> Callable[[StateInline, bool], bool]:
    """Return a rule of the parser that also notes the markup of its token in `meta`."""

    def remembered(state: StateInline, silent: bool) -> bool:
        start, number = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        token = next((one for one in state.tokens[number:] if one.type == kind), None)
        if token is not None and not silent:
            token.meta["raw"] = state.src[start : state.pos]
            if kind != "code_inline":
                token.meta["label_end"] = _label_end(state, start) - start
        return True

    return remembered


def _label_end(state: StateInline, start: int) -> int:
    """Return where the words of the link or picture at `start` end."""
    end = state.pos
    opening = start + (state.src[start] == "!")
    found = state.md.helpers.parseLinkLabel(state, opening, False) if state.src[opening] == "[" else -1
    state.pos = end
    return found if found >= 0 else end


def _kept(state: StateInline, silent: bool) -> bool:
    """Parser rule: keep note marks, formulas and placeholders as they are."""
    around = _AROUND_WORDS.match(state.src, state.pos)
    if around is not None:
        if not silent:
            words = next(filter(None, around.group("a", "b", "c", "d")))
            token = state.push("around", "", 0)
            token.info, _, token.markup = around[0].rpartition(words)
            token.content = words
        state.pos = around.end()
        return True
    found = NOTE_MARK.match(state.src, state.pos) or _VERBATIM.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("kept", "", 0).content = found[0]
    state.pos = found.end()
    return True


def times(state: StateInline, silent: bool) -> bool:
    """Parser rule: keep the asterisks of `2*3*4`. CommonMark takes them for emphasis, and 234 would be read."""
    if _TIMES.match(state.src, state.pos) is None:
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


Refs = dict[str, Any]
"""What the parser knows of the link addresses of a text."""
