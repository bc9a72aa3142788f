"""Quote words for a systemd unit. systemd.syntax(7)"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_./:+=,@-]+")


def command_line(arguments: list[str]) -> str:
    """Return a command line for ExecStart. `$` is doubled, except in the program, where variables are not expanded."""
    program, *rest = arguments
    return " ".join([quoted(program), *(quoted(argument.replace("$", "$$")) for argument in rest)])


def quoted(text: str) -> str:
    """Return text as a single word, for a setting that takes several."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def literal(text: str) -> str:
    """Return text for a setting that takes the rest of the line verbatim."""
    return text.replace("%", "%%")
