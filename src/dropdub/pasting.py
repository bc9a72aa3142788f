"""Commands as a person can paste them into a shell."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path


def pasted(word: str | Path, *, windows: bool = sys.platform == "win32") -> str:
    """Return a word of a command, quoted so that sh, or on `windows` cmd and PowerShell, run nothing in it."""
    return subprocess.list2cmdline([str(word)]) if windows else shlex.quote(str(word))


def command(root: Path, *arguments: str, windows: bool = sys.platform == "win32") -> str:
    """Return a `dropdub` command for this root, wherever it is pasted."""
    return " ".join(["dropdub", *(pasted(word, windows=windows) for word in ("--root", str(root), *arguments))])
