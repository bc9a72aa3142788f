"""The sentences for a database that cannot be used. Needs neither SQLAlchemy nor Alembic."""

from __future__ import annotations

from dropdub.errors import StoreError, StoreOutdated, StoreUnavailable
from dropdub.store.migrations import HEAD_REVISION, REVISIONS

_BROKEN = ("malformed", "not a database", "file is encrypted", "quick_check")


def store_error(error: BaseException, place: str) -> StoreError:
    """Return what a database driver's exception means to a person."""
    text = str(getattr(error, "orig", None) or error)
    if any(word in text for word in _BROKEN):
        return damaged(place)
    if "locked" in text or "busy" in text:
        return StoreUnavailable(
            f"{place} has been in use by another program for over a minute.",
            remedy="Close database tools and backups that have it open, then try again.",
        )
    if "disk is full" in text:
        return StoreUnavailable(f"The disk of {place} is full.", remedy="Free some space there.")
    return StoreError(
        f"{place} cannot be used: {text}.", remedy="See that its folder is there and writable, then try again."
    )


def damaged(place: str) -> StoreError:
    """Return the error for a file that is not, or no longer, a whole database. The file is left as it is."""
    return StoreError(
        f"{place} is damaged, or is not a database. It has not been touched.",
        remedy=(
            "Stop Dropdub, move the file with its -wal and -shm away and put a backup in its place, or start without "
            "one: files still in work/ are then to be dropped into the inbox again."
        ),
    )


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
            remedy="Start the daemon once to upgrade it: jobs watch.",
        )
