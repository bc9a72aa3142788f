"""The sentences for a database that cannot be used. Needs neither SQLAlchemy nor Alembic."""

from __future__ import annotations

import errno
from pathlib import Path

from dropdub.errors import StoreError, StoreOutdated, StoreUnavailable
from dropdub.files.durable import too_little_free
from dropdub.store.migrations import HEAD_REVISION, REVISIONS

FULL_BYTES = 1_000_000
"""With less space than this free, SQLite can hardly commit any more."""
_BROKEN = ("malformed", "not a database", "file is encrypted", "quick_check")


def is_damage(text: str) -> bool:
    """Return whether a driver's words mean that the file is no whole database."""
    return any(word in text for word in _BROKEN)


def is_full_disk(error: BaseException) -> bool:
    return "disk is full" in str(error) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def store_error(error: BaseException, place: str, backups: Path | None = None) -> StoreError:
    """Return what a database driver's exception means to a person; `backups` has the database's copies."""
    text = str(getattr(error, "orig", None) or error)
    if is_damage(text):
        return damaged(place, backups)
    if "locked" in text or "busy" in text:
        return StoreUnavailable(
            f"{place} has been in use by another program for over a minute.",
            remedy="Close database tools and backups that have it open, then try again.",
        )
    is_io = "disk I/O error" in text  # also said of a full disk, on which the write-ahead log's index cannot be made
    if "disk is full" in text or (is_io and too_little_free(Path(place).parent, FULL_BYTES) is not None):
        return StoreUnavailable(f"The disk of {place} is full.", remedy="Free some space there.")
    if is_io:
        return StoreUnavailable(
            f"The disk of {place} cannot be read or written.",
            remedy="See that it is connected, sound, and has free space.",
        )
    return StoreError(
        f"{place} cannot be used: {text}.", remedy="See that its folder is there and writable, then try again."
    )


def damaged(place: str, backups: Path | None = None) -> StoreError:
    """Return the error for a file that is not, or no longer, a whole database. The file is left as it is."""
    return StoreError(
        f"{place} is damaged, or is not a database. It has not been touched.", remedy=damage_remedy(backups)
    )


def damage_remedy(backups: Path | None) -> str:
    """Return what to do about a damaged database, with the path of the newest copy in `backups`."""
    return f"Stop Dropdub, move the file with its -wal and -shm away, and {_copy_to_take(backups)}, {_WITHOUT_A_COPY}"


_WITHOUT_A_COPY = (
    "or start without one: files still in work/ are then brought to failed/, each with a note, and nothing is deleted."
)


def _copy_to_take(backups: Path | None) -> str:
    if backups is None:
        return "put a copy in its place (Dropdub's own are in work/backups)"
    from dropdub.store.backup import newest  # noqa: PLC0415  slow, and seldom needed

    copy = newest(backups)
    return f"put a copy in its place (the newest: {copy.path})" if copy else "put a copy in its place if you have one"


def foreign(place: str) -> StoreError:
    return StoreError(
        f"{place} is the database of another program.", remedy="Name another file under database in config.yaml."
    )


def refuse_newer(revision: str, place: str) -> None:
    """Raise StoreError where this program does not know the database's revision."""
    if revision not in REVISIONS:
        raise StoreError(
            f"{place} was made by a newer Dropdub (revision {revision}; this one knows {HEAD_REVISION}).",
            remedy="Install the newer version again, or use another root.",
        )


def refuse_older(revision: str, place: str) -> None:
    """Raise StoreOutdated where the database lacks what this program reads."""
    if revision != HEAD_REVISION:
        raise StoreOutdated(
            f"{place} was made by an older Dropdub (revision {revision}; this one needs {HEAD_REVISION}).",
            remedy="Start the daemon once to upgrade it: `dropdub watch`.",
        )
