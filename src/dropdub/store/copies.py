"""The folder of a database's backups: their names, and which there are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dropdub.files.durable import is_folder

NAME = re.compile(r"jobs-([0-9]{8}T[0-9]{6}Z)(?:-before-([0-9]{4}))?\.db")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Copy:
    """A backup. `before` is the revision that the database was then upgraded to; None for a daily backup."""

    path: Path
    made_at: float
    before: str | None


def copies(folder: Path) -> list[Copy]:
    """Return the backups in `folder`, newest first. Files with other names are ignored."""
    if not is_folder(folder):
        return []
    found = [copy for entry in folder.iterdir() if (copy := _copy_at(entry)) is not None]
    return sorted(found, key=lambda copy: (copy.made_at, copy.path.name), reverse=True)


def newest(folder: Path) -> Copy | None:
    """Return the newest backup of either kind; None if there is none or the folder cannot be read."""
    try:
        return next(iter(copies(folder)), None)
    except OSError:
        return None


def name_of(now: float, before: str | None) -> str:
    """Return the file name of a backup made at `now` (epoch seconds); `before` as in `Copy`."""
    stamp = datetime.fromtimestamp(now, UTC).strftime(_STAMP)
    return f"jobs-{stamp}-before-{before}.db" if before else f"jobs-{stamp}.db"


def _copy_at(path: Path) -> Copy | None:
    match = NAME.fullmatch(path.name)
    if match is None or path.is_symlink() or not path.is_file():
        return None
    try:
        made = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:  # the digits are not a valid time: not one of our backups
        return None
    return Copy(path, made.timestamp(), match[2])
