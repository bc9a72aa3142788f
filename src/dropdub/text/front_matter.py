"""The settings at the top of a Markdown text, which site builders and note takers write: YAML or TOML. Pure."""

from __future__ import annotations

import re

_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
_SETTING = re.compile(r"[#\-\s\]}]|[\w\"'][^:=]{0,99}[:=](?:\s|$)")
"""A line of settings: a comment, an item, what goes on from the line before, a key."""


def without_front_matter(text: str) -> str:
    """Return a text without the settings at its top; a rule there, with prose below it, begins none."""
    first, _, rest = text.partition("\n")
    lines, ends = rest.split("\n"), _FENCES.get(first.rstrip(), ())
    last = next((number for number, line in enumerate(lines) if line.rstrip() in ends), None)
    if last is None or not all(_is_setting(line) for line in lines[:last]):
        return text
    return "\n".join(lines[last + 1 :])


def _is_setting(line: str) -> bool:
    return not line.strip() or _SETTING.match(line) is not None
