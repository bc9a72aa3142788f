"""Names in the inbox that are never taken: hidden files, unfinished downloads, and other programs' files."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache

UNFINISHED = (
    *("*.part", "*.partial", "*.crdownload", "*.download", "*.opdownload", "*.aria2", "*.filepart"),
    *("*.!qb", "*.!ut", "*.bc!", "*.tmp", "*.temp"),
)
"""Unfinished downloads and copies."""
OTHERS_OWN = (
    *(".*", "~$*", "thumbs.db", "desktop.ini", "ehthumbs.db"),
    *("@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"),
)
"""Hidden files, lock files of office programs, and files that desktops, network storage and sync clients create."""
_MARKERS = (".part", ".crdownload", ".aria2", ".partial", ".opdownload")


@lru_cache(maxsize=8)
def ignore_pattern(extra: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that matches the casefolded names to ignore: the usual ones, and `extra` globs (* and ?)."""
    patterns = (*UNFINISHED, *OTHERS_OWN, *extra)
    return re.compile("|".join(f"(?:{fnmatch.translate(pattern.casefold())})" for pattern in patterns))


def names_being_downloaded(names: Iterable[str]) -> set[str]:
    """Return the casefolded names of the files that unfinished downloads in the same folder will become.

    Browsers create an empty `clip.mp4` next to `clip.mp4.part`, newer ones next to `clip.Xy12AbCd.mp4.part`.
    """
    found: set[str] = set()
    for name in map(str.casefold, names):
        marker = next((marker for marker in _MARKERS if name.endswith(marker)), None)
        if marker is not None:
            found.update(_final_names(name.removesuffix(marker)))
    return found


def _final_names(name: str) -> tuple[str, ...]:
    parts = name.rsplit(".", 2)
    return (name, f"{parts[0]}.{parts[2]}") if len(parts) == 3 and len(parts[1]) == 8 else (name,)
