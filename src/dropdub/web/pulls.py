"""Downloads of models that are not complete: how much has arrived, and whether more is coming."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropdub.root import MODEL_PART_SUFFIX

QUIET_S = 15.0
"""A download that has written nothing for longer than this is not running, or waits for a server."""
MOST_FILES = 10_000


@dataclass(frozen=True)
class Pull:
    """The download of a model: the bytes that have arrived. `is_running`: more of it came within `QUIET_S`."""

    name: str
    bytes: int
    is_running: bool


def pulls_in(models_dir: Path) -> list[Pull]:
    """Return the unfinished downloads in the folder of the models."""
    with contextlib.suppress(OSError):
        folders = [one for one in models_dir.iterdir() if one.name.endswith(MODEL_PART_SUFFIX) and one.is_dir()]
        return [_pull(one) for one in sorted(folders)]
    return []


def _pull(folder: Path) -> Pull:
    found = list(_files(folder))
    newest = max((changed for _, changed in found), default=0.0)
    is_running = abs(time.time() - newest) <= QUIET_S
    return Pull(folder.name.removesuffix(MODEL_PART_SUFFIX), sum(size for size, _ in found), is_running)


def _files(folder: Path) -> Iterator[tuple[int, float]]:
    """Yield the size of each file, and when it was written last."""
    for number, file in enumerate(folder.rglob("*")):
        if number >= MOST_FILES:
            return
        with contextlib.suppress(OSError):
            if file.is_file():
                status = file.stat()
                yield status.st_size, status.st_mtime
