"""What the stylesheets of a page hide, as far as simple rules say so. Pure, in linear time for any input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dropdub.text.pages.tree import Element

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_SIMPLE = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)?)", re.I)
_DISPLAY = re.compile(r"(?:^|;)\s*display\s*:\s*([a-z-]+)", re.I)
_VISIBILITY = re.compile(r"(?:^|;)\s*visibility\s*:\s*([a-z-]+)", re.I)
_NEVER = frozenset(("html", "body", "*", "p", "div", "span"))
"""Elements that no rule of their name alone hides: who hides all paragraphs shows them by a rule that is not simple."""


@dataclass(frozen=True)
class Hidden:
    """The simple selectors that are hidden: `.note`, `p.note`, `#note`, `aside`."""

    selectors: frozenset[str] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        return bool(self.selectors)

    def matches(self, element: Element) -> bool:
        """Return whether an element is hidden by a rule."""
        if not self.selectors:
            return False
        id_ = element.get("id")
        own = [f".{one}" for one in element.classes] + ([f"#{id_}"] if id_ else [])
        return element.name in self.selectors or any(
            one in self.selectors or f"{element.name}{one}" in self.selectors for one in own
        )


def hidden_by(sheets: Iterable[str]) -> Hidden:
    """Return what stylesheets hide; the last rule for a selector counts. Rules for print and the like are left out."""
    is_hidden: dict[str, bool] = {}
    for sheet in sheets:
        for selectors, declarations in _rules(_COMMENT.sub("", sheet)):
            shown = _hides(declarations)
            if shown is not None:
                is_hidden |= dict.fromkeys(_simple(selectors), shown)
    return Hidden(frozenset(selector for selector, hides in is_hidden.items() if hides))


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations of the rules that are not inside another, such as `@media print`."""
    depth, start, head = 0, 0, ""
    for found in re.finditer(r"[{};]", sheet):
        mark = found[0]
        if mark == "{":
            head = sheet[start : found.start()].strip() if depth == 0 else head
            depth += 1
        elif mark == "}":
            depth = max(depth - 1, 0)
            if depth == 0 and not head.startswith("@"):
                yield head, sheet[start : found.start()]
        elif depth:
            continue
        start = found.end()


def _hides(declarations: str) -> bool | None:
    """Return whether declarations hide (True) or show (False); None if they do neither."""
    display, visibility = _DISPLAY.findall(declarations), _VISIBILITY.findall(declarations)
    if not display and not visibility:
        return None
    return display[-1:] == ["none"] or visibility[-1:] in (["hidden"], ["collapse"])


def _simple(selectors: str) -> Iterator[str]:
    for selector in selectors.split(","):
        found = _SIMPLE.fullmatch(selector.strip())
        if found and found[0] and found[0].lower() not in _NEVER:
            yield (found[1] or "").lower() + found[2]
