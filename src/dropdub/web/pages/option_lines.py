"""A table among a job's options as lines of text, as people write lists: `João = rui`, `meeting [pt] = reunião`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SHOWN = 80
"""Characters of a wrong line that its message repeats."""


class UnreadableLine(ValueError):
    """A line that is no entry of a table, or that contradicts another one. The text says which, and what to do."""


def table_of(text: str, *, by_language: bool) -> dict[str, Any]:
    """Return the table that lines describe. Raises UnreadableLine.

    `by_language`: whether a name may have a value for each language, whose tag stands after it in square brackets.
    """
    found: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, tag, value = _entry(line, by_language=by_language)
        entry = value if tag is None else {tag: value}
        before = found.setdefault(name, entry)
        if isinstance(before, dict) and isinstance(entry, dict):
            before.setdefault(*next(iter(entry.items())))
            before = {tag: before[tag]}
        if before != entry:
            raise UnreadableLine(f"{line[:_SHOWN]!r} contradicts a line before it: keep one of them")
    return found


def lines_of(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that describe a table: one for each name, or for each of its languages."""
    for name, found in table.items():
        if isinstance(found, Mapping):
            yield from (f"{_written(name)} [{tag}] = {value}" for tag, value in found.items())
        else:
            yield f"{_written(name)} = {found}"


def _entry(line: str, *, by_language: bool) -> tuple[str, str | None, str]:
    """Return the name, the tag of the language if there is one, and the value of a line."""
    quoted = _QUOTED.match(line)
    end = line.find("=", quoted.end() if quoted else 0)
    name, tag, value = line[: max(end, 0)].strip(), None, line[end + 1 :].strip()
    if by_language and name.endswith("]") and "[" in name:
        name, _, tag = name[:-1].rpartition("[")
    name = _read(name.strip())
    if not name or not value:
        raise UnreadableLine(f"{line[:_SHOWN]!r} cannot be read: write a name, an equals sign, and what it stands for")
    return name, tag.strip().lower() if tag is not None else None, value


def _written(name: str) -> str:
    """Return a name as it stands in a line: in quotes if it would be read as something else without them."""
    is_plain = name == name.strip() and not name.startswith('"') and not name.endswith("]") and "=" not in name
    return name if is_plain else json.dumps(name, ensure_ascii=False)


def _read(name: str) -> str:
    """Return a name without the quotes that it was written in."""
    if not _QUOTED.fullmatch(name):
        return name
    try:
        return str(json.loads(name))
    except ValueError:
        return name
