"""Parse the subset of YAML that job options need (text, lists, mappings) from untrusted files, in bounded time.

Every value is returned as the text in the file, or None if it is empty; the setting interprets it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from typing import Any

import yaml
from yaml.reader import ReaderError

MOST_DEEP = 6
MOST_PARTS = 2_000
"""Maximum number of values, lists and names in a file; all job options together are about 40."""
_LEFT_OUT = frozenset(["", "~", "null", "Null", "NULL"])
BROKEN = (yaml.YAMLError, ValueError, OverflowError, LookupError, AttributeError, TypeError)
"""The exceptions that PyYAML raises for broken text, not all of them its own."""
_SIMPLE = {
    "'\\t'": "a tab is where only spaces are allowed. Replace it with spaces.",
    "escape": "a backslash between double quotes has a special meaning. Put a path between single quotes.",
    "another document": "a second document begins here: a file has only one.",
    "mapping values are not allowed": "there is a colon too many, or this line is indented more than the one above it.",
    "unexpected end of stream": "a quote is opened and never closed.",
    "<stream end>": "a bracket is opened and never closed.",
    "expected <block end>": "this does not fit the lines above it. Check indentation and quotes.",
    "could not find expected ':'": "a line above it lacks a colon and a space after its name.",
    "cannot start any token": "a value cannot begin with this character. Put the value between quotes.",
}
"""What is most often wrong, by a part of PyYAML's message."""
_QUOTED = re.compile(r"(['\"])(?:(?!\1).)*\1")


class NotPlain(ValueError):
    """The text is not plain YAML. The message names the line, but never quotes its content."""


def plain_mapping(text: str) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    """Return the mapping in a text, and its node tree, from which the line of a value can be found.

    Raises NotPlain for broken YAML, for tags, anchors and merge keys, for characters that cannot be stored, and if a
    limit is exceeded.
    """
    try:
        return _read(text)
    except NotPlain:
        raise
    except BROKEN as error:
        raise NotPlain(simple_problem(error, text) or f"{place_of(error)}not valid YAML: {_problem(error)}.") from error


def _read(text: str) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    node = _Composer(text).document()
    if node is None or (isinstance(node, yaml.ScalarNode) and _value(node) is None):
        return {}, None
    if not isinstance(node, yaml.MappingNode):
        raise NotPlain("expected settings as `name: value` lines.")
    return _mapping(node), node


class _Composer:
    """Builds nodes from PyYAML's events; refuses events that plain options do not need."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._parts = count(1)

    def document(self) -> yaml.Node | None:
        node = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    raise _refused(event, "a second document begins here: a file has only one set of options")
                node = self._node(next(self._events), 1)
        return node

    def _node(self, event: Any, depth: int) -> yaml.Node:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refused(event, "anchors and aliases (& and *) are not supported: write the value out")
        if event.tag is not None:
            raise _refused(event, "tags (!) are not supported: write the plain value")
        if depth > MOST_DEEP:
            raise _refused(event, "nested more deeply than any option")
        if next(self._parts) > MOST_PARTS:
            raise _refused(event, f"more than {MOST_PARTS} values, which no job options have")
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
        raise _refused(event, "a control character, or an unpaired surrogate")
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
    lines: dict[str, int] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise _refused(name, "expected a name, then a colon and its value")
        if name.value == "<<":
            raise _refused(name, "merge keys (<<) are not supported: write the values out")
        if name.value in found:
            raise _refused(name, f"this name is set twice, first in line {lines[name.value]}")
        lines[name.value] = name.start_mark.line + 1
        found[name.value] = _value(value)
    return found


def _refused(place: Any, what: str) -> NotPlain:
    return NotPlain(f"line {place.start_mark.line + 1}: {what}.")


def place_of(error: Exception) -> str:
    """Return where PyYAML found an error, as the beginning of a message: `line 3: `. Empty if it does not say."""
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: " if mark else ""


def simple_problem(error: Exception, text: str) -> str | None:
    """Return what is wrong with a text that PyYAML refuses, and where, for somebody who knows no tokens; None if its
    own words have to do. Does not quote the text.
    """
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"line {line}: a character that no text has, U+{ord(text[error.position]):04X}."
    place, problem = place_of(error), str(getattr(error, "problem", None))
    simple = next((sentence for part, sentence in _SIMPLE.items() if part in problem), None)
    return f"{place}{simple}" if place and simple else None


def _problem(error: Exception) -> str:
    """Return PyYAML's error message without its quotes from the file."""
    problem = getattr(error, "problem", None)
    return _QUOTED.sub(_withheld, str(problem).splitlines()[0])[:120] if problem else "it cannot be parsed"


def _withheld(quoted: re.Match[str]) -> str:
    """Return a quote if it is a single character or a YAML token such as `<block end>`, else `…`."""
    return quoted[0] if len(quoted[0]) <= len("'\\t'") or quoted[0][1] == "<" else "…"
