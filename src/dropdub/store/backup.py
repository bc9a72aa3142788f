"""Backups of an SQLite database: create, check and prune them."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from dropdub.errors import StoreError, StoreUnavailable
from dropdub.failpoints import reach
from dropdub.files.durable import flush, rename, too_little_free
from dropdub.files.removal import remove
from dropdub.store.copies import NAME, copies, name_of
from dropdub.store.damage import damaged, is_damage, is_full_disk

DAILY_KEPT = 7
BEFORE_UPGRADES_KEPT = 3
ROOM_LEFT = 16_000_000
"""Bytes to keep free on the disk: a backup that fills it would stop the database itself."""
BUSY_TIMEOUT_S = 30.0
_LEFTOVER = re.compile(rf"\.{NAME.pattern}\.part(?:-wal|-shm|-journal)?")
_one_at_a_time = threading.Lock()
"""Two runs in one process must not delete the partial copies that the other is still writing."""


def make(file: Path, folder: Path, *, now: float, before: str | None = None) -> Path:
    """Copy a consistent snapshot of the database `file` into `folder`; return the copy's path.

    Neither waits for writers nor blocks them. The copy appears complete or not at all. Older backups of the same kind
    are pruned. Raises StoreError if the database is damaged, StoreUnavailable if the disk is full or the copy fails.
    """
    target = folder / name_of(now, before)
    part = folder / f".{target.name}.part"
    with _one_at_a_time:
        try:
            folder.mkdir(exist_ok=True)
            _sweep(folder)
            _refuse_full_disk(file, folder)
            try:
                _write(file, part)
                reach("backup.written")
                rename(part, target)
            finally:
                _sweep(folder)
            prune(folder, kept=target)
        except (sqlite3.Error, OSError) as error:
            raise _backup_error(error, file, folder) from error
    return target


def prune(folder: Path, *, kept: Path | None = None) -> None:
    """Remove all but the newest backups of each kind.

    `kept` is never removed: if the clock was set back, older backups may have later names.
    """
    found = copies(folder)
    daily = [copy for copy in found if copy.before is None]
    before = [copy for copy in found if copy.before is not None]
    for copy in [*daily[DAILY_KEPT:], *before[BEFORE_UPGRADES_KEPT:]]:
        if copy.path != kept:
            remove(copy.path)


def _sweep(folder: Path) -> None:
    """Remove the partial files of backups that failed or were killed."""
    for entry in list(folder.iterdir()):
        if _LEFTOVER.fullmatch(entry.name):
            remove(entry)


def _refuse_full_disk(file: Path, folder: Path) -> None:
    needed = sum(path.stat().st_size for path in (file, file.with_name(f"{file.name}-wal")) if path.is_file())
    if too_little_free(folder, needed + ROOM_LEFT) is not None:
        raise _no_room(folder)


def _write(file: Path, part: Path) -> None:
    """Copy `file` to `part`, check the copy and flush it. `file` is opened read-only, so it is never created."""
    part.touch(mode=0o600)
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as target,
    ):
        target.execute("PRAGMA synchronous=OFF")  # the whole file is flushed below
        source.backup(target)  # in a single step: between smaller steps, each write would restart the copy
        reach("backup.copied")
        _decrement_starts(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, no write-ahead log
        whole = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        tables = target.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
    if whole != "ok" or not tables:
        raise sqlite3.DatabaseError(f"quick_check: {whole}" if tables else "Dropdub's tables are missing")
    shutil.copymode(file, part)
    with part.open("rb+") as writer:
        flush(writer)


def _decrement_starts(target: sqlite3.Connection) -> None:
    """Lower the copy's count of starts, so that the root recognizes it as an older database."""
    if target.execute("SELECT count(*) FROM sqlite_master WHERE name = 'owner'").fetchone()[0]:
        target.execute("UPDATE owner SET starts = starts - 1")


def _backup_error(error: sqlite3.Error | OSError, file: Path, folder: Path) -> StoreError:
    """Return the error that says why a backup could not be made."""
    if isinstance(error, sqlite3.Error) and is_damage(str(error)):
        return damaged(str(file), folder)
    if is_full_disk(error):
        return _no_room(folder)
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return StoreUnavailable(
        f"{file} could not be copied to {folder}: {text}.", remedy="Check that the folder exists and is writable."
    )


def _no_room(folder: Path) -> StoreUnavailable:
    return StoreUnavailable(
        f"The disk of {folder} has no space for a copy of the database.", remedy="Free some disk space."
    )
