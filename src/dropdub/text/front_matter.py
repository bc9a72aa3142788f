"""YAML, TOML or JSON front matter of a Markdown text, as site generators and note-taking programs write it. Pure."""

from __future__ import annotations

import re

_FENCES = {"---": ("---", "..."), "+++": ("+++",), "{": ("}",)}
_SETTING = re.compile(r"[#\-\s\]}]|[\w\"'][^:=]{0,99}[:=](?:\s|$)")
"""A line of front matter: a comment, an item, a continuation line, or a key."""


_SAID = re.compile(r"([A-Za-z]\w{0,20})\s{0,9}[:=]\s{0,9}(.{1,300})")


def front_matter(text: str) -> dict[str, str]:
    """Return the settings on one line in the front matter of a text, such as its title, by their names."""
    before = text[: len(text) - len(without_front_matter(text))]
    found = {one[1].lower(): one[2].strip() for line in before.split("\n") if (one := _SAID.fullmatch(line.rstrip()))}
    return {name: bare for name, words in found.items() if (bare := _unquoted(words))}


def _unquoted(words: str) -> str:
    """Return a value without the marks of YAML or TOML around it; empty for one of several lines."""
    if words[0] in "\"'":
        return words[1:-1].replace(f"\\{words[0]}", words[0]).strip() if words.endswith(words[0]) else ""
    if words[0] == "[":
        return ", ".join(filter(None, (one.strip(" \"'") for one in words.strip("[]").split(","))))
    return "" if words[0] in "|>&*{!" else words.partition(" #")[0].strip()


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
