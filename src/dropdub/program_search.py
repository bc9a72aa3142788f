"""Where this process and its children search for programs: in absolute folders of PATH, never in the current folder.

Otherwise, typing `dropdub` in a share would start an `ffmpeg.exe` that somebody put there: Windows searches the current
folder first, and so does `shutil.which` of Python 3.11; on POSIX, an empty or relative entry of PATH does the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path


def never_search_current_folder() -> None:
    """Make this process and its children search for programs only in absolute folders.

    Called first in each entry point. Windows reads the variable; other systems use only PATH.
    """
    os.environ["NoDefaultCurrentDirectoryInExePath"] = "1"  # noqa: SIM112 - the name as Windows spells it
    if "PATH" in os.environ:
        os.environ["PATH"] = os.pathsep.join(map(str, absolute_folders(os.environ["PATH"])))


def absolute_folders(path: str) -> Iterator[Path]:
    """Yield the folders of a PATH that are absolute."""
    for entry in path.split(os.pathsep):
        folder = Path(entry.strip('"') if sys.platform == "win32" else entry)
        if folder.is_absolute():
            yield folder
