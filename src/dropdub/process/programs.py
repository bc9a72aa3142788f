"""Where programs are looked for: in the folders of PATH that have a full path, never in the one that is current.

Who types `dropdub` in a share would else start the `ffmpeg.exe` that somebody put there: Windows looks into the current
folder first, and so does `shutil.which` of Python 3.11; on POSIX an empty or relative entry of PATH does the same.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_SUFFIXES = (".exe", ".com")
"""On Windows. Batch files are not taken: `cmd` would read their arguments as commands."""


def never_search_current_folder() -> None:
    """Have what this process and its children start be looked for in folders with a full path only.

    Called first of all in each entry point. Windows knows the variable; the others heed PATH alone.
    """
    os.environ["NoDefaultCurrentDirectoryInExePath"] = "1"  # noqa: SIM112 - its name, as Windows writes it
    if "PATH" in os.environ:
        os.environ["PATH"] = os.pathsep.join(map(str, _folders(os.environ["PATH"])))


def find_program(name: str, *, path: str | None = None) -> Path | None:
    """Return the program of this name on PATH (or on `path`); None where there is none.

    A name that has a folder in it must be a full path, and is then looked at alone.
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
    """Return the file that is run for a full path; on Windows the suffix may be left out."""
    if sys.platform == "win32":
        fitting = path.suffix.lower() in _SUFFIXES
        named = [path] if fitting else [path.with_name(path.name + suffix) for suffix in _SUFFIXES]
        return next((file for file in named if file.is_file()), None)
    return path if shutil.which(str(path)) else None  # a full path: nothing is searched
