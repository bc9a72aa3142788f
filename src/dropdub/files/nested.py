"""Choose folders below one of Dropdub's own that mirror the folders from which files were dropped."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from dropdub.files.durable import NAME_MAX_BYTES, is_folder, key, numbered_folder

LONGEST_PATH = 4096 - 1 if sys.platform != "win32" or NAME_MAX_BYTES > 100 else 260 - 1
"""Bytes of a whole path: PATH_MAX of Linux, or MAX_PATH of Windows without long paths."""


def nested(
    top: Path, names: Sequence[str], *, room: int, usable: Callable[[Path], bool] = lambda _folder: True
) -> Path:
    """Return the folder below `top` for what came from the folders `names`; it need not exist yet.

    A folder that differs only in case is the same one. A name that a file or a link has, and a folder that is not
    `usable`, is numbered. If a path in it would be too long, with `room` bytes for the rest, `top` is returned.
    """
    folder = top
    for name in names:
        folder = _inner(folder, name, usable)
    return folder if len(os.fsencode(folder)) + room <= LONGEST_PATH else top


def _inner(folder: Path, name: str, usable: Callable[[Path], bool]) -> Path:
    present = {key(entry.name): entry.name for entry in folder.iterdir()} if is_folder(folder) else {}
    for number in count(1):
        wanted = numbered_folder(name, number)
        found = folder / present.get(key(wanted), wanted)
        if (key(wanted) not in present or _is_real_folder(found)) and usable(found):
            return found
    raise AssertionError("numbers do not end")


def _is_real_folder(path: Path) -> bool:
    """Return whether a path is a folder, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False
