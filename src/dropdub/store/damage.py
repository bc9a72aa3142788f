"""Errors for a database that cannot be used. Needs neither SQLAlchemy nor Alembic."""

from __future__ import annotations

import errno
from pathlib import Path

from dropdub.errors import StoreError, StoreOutdated, StoreUnavailable
from dropdub.files.durable import too_little_free
from dropdub.store.copies import newest
from dropdub.store.migrations import HEAD_REVISION, REVISIONS

FULL_BYTES = 1_000_000
"""With less free space than this, SQLite can barely commit."""
_BROKEN = ("malformed", "not a database", "file is encrypted", "quick_check")


def is_damage(text: str) -> bool:
    """Return whether a driver's message means that the file is damaged or not a database."""
    return any(word in text for word in _BROKEN)


def is_full_disk(error: BaseException) -> bool:
    return "disk is full" in str(error) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def store_error(error: BaseException, place: str, backups: Path | None = None) -> StoreError:
    """Return the error for a database driver's exception; `backups` is the folder of the database's backups."""
    text = str(getattr(error, "orig", None) or error)
    if is_damage(text):
        return damaged(place, backups)
    if "locked" in text or "busy" in text:
        return StoreUnavailable(
            f"{place} has been in use by another program for over a minute.",
            remedy="Close database tools and backup programs that have it open, then try again.",
        )
    is_io = "disk I/O error" in text  # also reported if a full disk leaves no room for the write-ahead log's index
    if "disk is full" in text or (is_io and too_little_free(Path(place).parent, FULL_BYTES) is not None):
        return StoreUnavailable(f"The disk of {place} is full.", remedy="Free some disk space.")
    if is_io:
        return StoreUnavailable(
            f"The disk of {place} cannot be read or written.",
            remedy="Check that it is connected, healthy and has free space.",
        )
    return StoreError(
        f"{place} cannot be used: {text}.", remedy="Check that its folder exists and is writable, then try again."
    )


def damaged(place: str, backups: Path | None = None) -> StoreError:
    """Return the error for a file that is damaged or not a database. The file itself is left unchanged."""
    return StoreError(f"{place} is damaged or not a database. It was left unchanged.", remedy=damage_remedy(backups))


def damage_remedy(backups: Path | None) -> str:
    """Return what to do about a damaged database, with the path of the newest backup in `backups`."""
    return (
        "Stop Dropdub and move the file away, together with its -wal and -shm files. "
        f"Then {_restore_advice(backups)}, {_WITHOUT_A_BACKUP}"
    )


_WITHOUT_A_BACKUP = (
    "or start without one: files still in work/ are moved to failed/, each with a note, and nothing is deleted."
)


def _restore_advice(backups: Path | None) -> str:
    if backups is None:
        return "restore a backup in its place (Dropdub keeps its own in work/backups)"
    copy = newest(backups)
    return f"restore a backup in its place (the newest: {copy.path})" if copy else "restore a backup if you have one"


def foreign(place: str) -> StoreError:
    return StoreError(
        f"{place} is the database of another program.", remedy="Set database in config.yaml to another file."
    )


def refuse_newer(revision: str, place: str) -> None:
    """Raise StoreError if this program does not know the database's revision."""
    if revision not in REVISIONS:
        raise StoreError(
            f"{place} was made by a newer version of Dropdub (revision {revision}; this version supports up to "
            f"{HEAD_REVISION}).",
            remedy="Install the newer version again, or use another root.",
        )


def refuse_older(revision: str, place: str) -> None:
    """Raise StoreOutdated if the database lacks what this program reads."""
    if revision != HEAD_REVISION:
        raise StoreOutdated(
            f"{place} was made by an older version of Dropdub (revision {revision}; this version needs "
            f"{HEAD_REVISION}).",
            remedy="Start the daemon once to upgrade it: `dropdub watch`.",
        )
