"""Find programs in the absolute folders of PATH, never in the current folder.

Otherwise, typing `dropdub` in a share would start an `ffmpeg.exe` that somebody put there: Windows searches the current
folder first, and so does `shutil.which` of Python 3.11; on POSIX, an empty or relative entry of PATH does the same.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_SUFFIXES = (".exe", ".com")
"""For Windows. Batch files are excluded, because `cmd` would interpret their arguments as commands."""


def never_search_current_folder() -> None:
    """Make this process and its children search for programs only in absolute folders.

    Called first in each entry point. Windows reads the variable; other systems use only PATH.
    """
    os.environ["NoDefaultCurrentDirectoryInExePath"] = "1"  # noqa: SIM112 - the name as Windows spells it
    if "PATH" in os.environ:
        os.environ["PATH"] = os.pathsep.join(map(str, _folders(os.environ["PATH"])))


def find_program(name: str, *, path: str | None = None) -> Path | None:
    """Return the program with this name on PATH (or on `path`); None if there is none.

    A name that contains a folder must be an absolute path, which is then the only candidate.
    """
    if Path(name).name != name:
        return _program(Path(name)) if Path(name).is_absolute() else None
    searched = os.environ.get("PATH", os.defpath) if path is None else path
    found = (_program(folder / name) for folder in _folders(searched))
    return next((program for program in found if program), None)


def _folders(path: str) -> Iterator[Path]:
    for entry in path.split(os.pathsep):
        folder = Path(entry.strip('"') if sys.platform == "win32" else entry)
        if folder.is_absolute():
            yield folder


def _program(path: Path) -> Path | None:
    """Return the program at an absolute path, None if there is none; on Windows the suffix may be left out."""
    if sys.platform == "win32":
        has_suffix = path.suffix.lower() in _SUFFIXES
        candidates = [path] if has_suffix else [path.with_name(path.name + suffix) for suffix in _SUFFIXES]
        return next((file for file in candidates if file.is_file()), None)
    return path if shutil.which(str(path)) else None  # an absolute path: nothing is searched
