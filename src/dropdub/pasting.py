"""Commands as a person can paste them into a shell."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

_PLAIN = re.compile(r"[\w.:\\/=~+-]+")


def pasted(word: str | Path, *, windows: bool = sys.platform == "win32") -> str:
    """Return a word of a command, quoted for sh, or on `windows` for cmd and PowerShell alike.

    Both of those take double quotes alone, and have no common way to put one into a word: it becomes a single one.
    """
    text = str(word)
    if not windows:
        return shlex.quote(text)
    return text if _PLAIN.fullmatch(text) else '"{}"'.format(text.replace('"', "'"))


def pasteable(words: Sequence[str | Path], *, windows: bool = sys.platform == "win32") -> str:
    """Return a whole command, its words quoted."""
    return " ".join(pasted(word, windows=windows) for word in words)


def command(root: Path, *arguments: str, windows: bool = sys.platform == "win32") -> str:
    """Return a `dropdub` command for this root, wherever it is pasted."""
    return pasteable(["dropdub", "--root", root, *arguments], windows=windows)
