"""Change settings in the text of a `config.yaml`; comments, order and everything else stay unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from dropdub.errors import ConfigError

_USUAL_INDENT = 2


def with_settings(text: str, section: str, values: Mapping[str, Any]) -> str:
    """Return the text with `values` set in a section.

    An existing setting gets its new value, a commented-out one is uncommented, any other is added. Raises ConfigError
    if that cannot be done without changing anything else.
    """
    for name, value in values.items():
        changed = _with_setting(text, section, name, value)
        if not _changes_only(text, changed, section, name, value):
            raise ConfigError(
                f"{section}.{name} cannot be set in config.yaml without changing anything else.",
                remedy=f"Set it yourself, below `{section}:`, as  {name}: {_as_yaml(value)}",
            )
        text = changed
    return text


def _with_setting(text: str, section: str, name: str, value: Any) -> str:
    written = _as_yaml(value)
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    found = _entry(top, section)
    if found is None:
        return f"{text.rstrip()}\n\n{section}:\n{' ' * _USUAL_INDENT}{name}: {written}\n".lstrip("\n")
    key, body = found
    there = _entry(body, name)
    if there is not None and value and isinstance(value, Mapping) and _is_block(there[1]):
        return _with_entries(text, there[1].value, value)
    if there is not None:
        return f"{text[: there[0].end_mark.index]}: {written}{text[_end_of(there[1]) :]}"
    return _added(text, top, key, body, f"{name}: {written}")


def _with_entries(text: str, there: Sequence[tuple[yaml.Node, yaml.Node]], values: Mapping[str, str]) -> str:
    """Return the text with the entries of a block map, each on a line of its own, added and removed as `values` say."""
    lines = text.splitlines(keepends=True)
    first, indent = there[0][0].start_mark.line, there[0][0].start_mark.column
    kept = {key.value for key, value in there if values.get(key.value) == value.value}
    for key, _ in reversed(there):
        if key.value not in kept:
            del lines[key.start_mark.line]
    lines[first:first] = [f"{' ' * indent}{name}: {_as_yaml(values[name])}\n" for name in values if name not in kept]
    return "".join(lines)


def _is_block(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style and bool(node.value)


def _added(text: str, top: yaml.Node | None, key: yaml.Node, body: yaml.Node, setting: str) -> str:
    """Replace the commented-out setting, or add the setting right below the section's heading."""
    lines = text.splitlines(keepends=True)
    first, last = key.start_mark.line + 1, _end_line(top, key, len(lines))
    is_filled = isinstance(body, yaml.MappingNode) and bool(body.value)
    indent = body.value[0][0].start_mark.column if is_filled else None
    comment = re.compile(rf"( +)# {re.escape(setting.partition(':')[0])}:")
    for number in range(first, last):
        found = comment.match(lines[number])
        if found and indent in (None, len(found[1])):
            lines[number] = f"{found[1]}{setting}\n"
            return "".join(lines)
    lines[first - 1] = lines[first - 1].rstrip("\r\n") + "\n"
    lines.insert(first, f"{' ' * (indent or _USUAL_INDENT)}{setting}\n")
    return "".join(lines)


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((key, value) for key, value in pairs if key.value == name), None)


def _end_line(top: yaml.Node | None, key: yaml.Node, count: int) -> int:
    """Return the index of the line after a section: the next section's heading, or the end."""
    starts = [other.start_mark.line for other, _ in top.value] if isinstance(top, yaml.MappingNode) else []
    return min((line for line in starts if line > key.start_mark.line), default=count)


def _end_of(value: yaml.Node) -> int:
    """Return the index in the text where a value ends: a block list or map at its last item, before any comments."""
    if _is_block(value):
        last = value.value[-1]
        return _end_of(last[1] if isinstance(value, yaml.MappingNode) else last)
    return int(value.end_mark.index)


def _as_yaml(value: Any) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).removesuffix("\n...\n").strip()
    )


def _changes_only(before: str, after: str, section: str, name: str, value: Any) -> bool:
    wanted = yaml.safe_load(before) or {}
    try:
        found = yaml.safe_load(after)
    except yaml.YAMLError:
        return False
    return bool(found == {**wanted, section: {**(wanted.get(section) or {}), name: value}})
