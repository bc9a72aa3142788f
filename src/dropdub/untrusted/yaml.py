"""YAML as far as job options need it: texts, lists, names with values. What anybody wrote is read in bounded time.

Every value stays the text that stands there, but for one left out: what it means is for the setting to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from typing import Any

import yaml

MOST_DEEP = 6
MOST_PARTS = 2_000
"""Values, lists and names of a file; all job options together are about 40."""
_LEFT_OUT = frozenset(["", "~", "null", "Null", "NULL"])
_BROKEN = (yaml.YAMLError, ValueError, OverflowError, LookupError, AttributeError, TypeError)
"""What PyYAML raises for broken text: not only errors of its own."""
_QUOTED = re.compile(r"(['\"])(?:(?!\1).)*\1")


class NotPlain(ValueError):
    """A text that is no plain YAML; the message names the line, and never what stands there."""


def plain_mapping(text: str) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    """Return the mapping that a text holds, and its node tree, to say on which line a value stands.

    Raises NotPlain for broken YAML, for tags, anchors and merge keys, for texts that cannot be stored, and for more
    than a file of options can be.
    """
    try:
        return _read(text)
    except NotPlain:
        raise
    except _BROKEN as error:
        raise NotPlain(f"{_line_of(error)}not valid YAML: {_problem(error)}.") from error


def _read(text: str) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    node = _Composer(text).document()
    if node is None or (isinstance(node, yaml.ScalarNode) and _value(node) is None):
        return {}, None
    if not isinstance(node, yaml.MappingNode):
        raise NotPlain("expected settings as `name: value` lines.")
    return _mapping(node), node


class _Composer:
    """Makes nodes of PyYAML's events, and stops at the first that does not belong into plain options."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._parts = count(1)

    def document(self) -> yaml.Node | None:
        node = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    raise _refused(event, "a second document begins here: one file sets one file's options")
                node = self._node(next(self._events), 1)
        return node

    def _node(self, event: Any, depth: int) -> yaml.Node:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refused(event, "anchors and aliases (& and *) are not read here: write the value out")
        if event.tag is not None:
            raise _refused(event, "tags (!) are not read here: write the plain value")
        if depth > MOST_DEEP:
            raise _refused(event, "more levels than any option has")
        if next(self._parts) > MOST_PARTS:
            raise _refused(event, f"more than {MOST_PARTS} values are no job options")
        if isinstance(event, yaml.ScalarEvent):
            return _text(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = [self._node(one, depth + 1) for one in self._until(yaml.SequenceEndEvent)]
            return yaml.SequenceNode("", items, _mark(event))
        pairs = [
            (self._node(one, depth + 1), self._node(next(self._events), depth + 1))
            for one in self._until(yaml.MappingEndEvent)
        ]
        return yaml.MappingNode("", pairs, _mark(event))

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event


def _text(event: yaml.ScalarEvent) -> yaml.ScalarNode:
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in event.value):
        raise _refused(event, "a control character, or half of one that takes two")
    return yaml.ScalarNode("", event.value, _mark(event), style=event.style)


def _mark(event: Any) -> Any:
    return event.start_mark


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one) for one in node.value]
    return None if getattr(node, "style", None) is None and node.value in _LEFT_OUT else node.value


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise _refused(name, "a name is expected, then a colon and its value")
        if name.value == "<<":
            raise _refused(name, "merge keys (<<) are not read here: write the values out")
        if name.value in found:
            raise _refused(name, "this is set a second time")
        found[name.value] = _value(value)
    return found


def _refused(place: Any, what: str) -> NotPlain:
    return NotPlain(f"line {place.start_mark.line + 1}: {what}.")


def _line_of(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: " if mark else ""


def _problem(error: Exception) -> str:
    """Return what PyYAML complains about, without what it quotes from the file."""
    problem = getattr(error, "problem", None)
    return _QUOTED.sub(_withheld, str(problem).splitlines()[0])[:120] if problem else "it cannot be read"


def _withheld(quoted: re.Match[str]) -> str:
    """Return what is quoted if it is one character, or YAML's own word for a thing such as `<block end>`."""
    return quoted[0] if len(quoted[0]) <= len("'\\t'") or quoted[0][1] == "<" else "…"
