"""Find programs in the absolute folders of PATH, never in the current folder (see `program_search`)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from dropdub.program_search import absolute_folders

_SUFFIXES = (".exe", ".com")
"""For Windows. Batch files are excluded, because `cmd` would interpret their arguments as commands."""


def find_program(name: str, *, path: str | None = None) -> Path | None:
    """Return the program with this name on PATH (or on `path`); None if there is none.

    A name that contains a folder must be an absolute path, which is then the only candidate.
    """
    if Path(name).name != name:
        return _program(Path(name)) if Path(name).is_absolute() else None
    searched = os.environ.get("PATH", os.defpath) if path is None else path
    found = (_program(folder / name) for folder in absolute_folders(searched))
    return next((program for program in found if program), None)


def _program(path: Path) -> Path | None:
    """Return the program at an absolute path, None if there is none; on Windows the suffix may be left out."""
    if sys.platform == "win32":
        has_suffix = path.suffix.lower() in _SUFFIXES
        candidates = [path] if has_suffix else [path.with_name(path.name + suffix) for suffix in _SUFFIXES]
        return next((file for file in candidates if file.is_file()), None)
    return path if shutil.which(str(path)) else None  # an absolute path: nothing is searched
