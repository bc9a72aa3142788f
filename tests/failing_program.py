"""A program that fails for some arguments, found before the real one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def failing_for(word: str, folder: Path, *, name: str = "apertium") -> dict[str, str]:
    """Return the environment in which a program fails if `word` is one of its arguments, and else does its work."""
    script = folder / "failing" / name
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(
        f"#!/bin/sh\ncase \" $* \" in *' {word} '*) echo out of order >&2; exit 1;; esac\n"
        f"exec '{shutil.which(name)}' \"$@\"\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    return {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
