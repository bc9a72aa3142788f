"""YAML or TOML front matter of a Markdown text, as site generators and note-taking programs write it. Pure."""

from __future__ import annotations

import re

_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
_SETTING = re.compile(r"[#\-\s\]}]|[\w\"'][^:=]{0,99}[:=](?:\s|$)")
"""A line of front matter: a comment, an item, a continuation line, or a key."""


def without_front_matter(text: str) -> str:
    """Return a text without its front matter. A horizontal rule at the top with prose below it does not start one."""
    first, _, rest = text.partition("\n")
    lines, ends = rest.split("\n"), _FENCES.get(first.rstrip(), ())
    last = next((number for number, line in enumerate(lines) if line.rstrip() in ends), None)
    if last is None or not all(_is_setting(line) for line in lines[:last]):
        return text
    return "\n".join(lines[last + 1 :])


def _is_setting(line: str) -> bool:
    return not line.strip() or _SETTING.match(line) is not None
