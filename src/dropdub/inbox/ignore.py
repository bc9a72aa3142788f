"""Which names in the inbox are never taken: hidden, unfinished, or some program's own."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache

UNFINISHED = (
    *("*.part", "*.partial", "*.crdownload", "*.download", "*.opdownload", "*.aria2", "*.filepart"),
    *("*.!qb", "*.!ut", "*.bc!", "*.tmp", "*.temp"),
)
"""Downloads and copies under way."""
OTHERS_OWN = (
    *(".*", "~$*", "thumbs.db", "desktop.ini", "ehthumbs.db"),
    *("@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"),
)
"""Hidden files, lock files of office programs, and what desktops, network storage and synchronisers leave."""
_MARKERS = (".part", ".crdownload", ".aria2", ".partial", ".opdownload")


@lru_cache(maxsize=8)
def ignoring(extra: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches the casefolded names that are ignored: the usual ones, and `extra` patterns with * and ?."""
    patterns = (*UNFINISHED, *OTHERS_OWN, *extra)
    return re.compile("|".join(f"(?:{fnmatch.translate(pattern.casefold())})" for pattern in patterns))


def awaited(names: Iterable[str]) -> set[str]:
    """Return the casefolded names that a download in the same folder is going to fill.

    Browsers create an empty `clip.mp4` beside `clip.mp4.part`, newer ones beside `clip.Xy12AbCd.mp4.part`.
    """
    found: set[str] = set()
    for name in map(str.casefold, names):
        marker = next((marker for marker in _MARKERS if name.endswith(marker)), None)
        if marker is not None:
            found.update(_names_behind(name.removesuffix(marker)))
    return found


def _names_behind(name: str) -> tuple[str, ...]:
    parts = name.rsplit(".", 2)
    return (name, f"{parts[0]}.{parts[2]}") if len(parts) == 3 and len(parts[1]) == 8 else (name,)
