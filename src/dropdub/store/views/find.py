"""Find jobs by id, file name, or file name without suffix."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from dropdub.errors import UsageError
from dropdub.store.no_job import LIST_JOBS, no_job
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows

_LARGEST_ID = 2**63 - 1
_REMEMBERED = 500
"""How many of the newest names are searched for a similar one."""


def find_job(rows: Rows | None, ref: str) -> Row:
    """Return the job with this id, or the newest with this name, or the newest with this name without suffix.

    Raises UsageError, which suggests similar names, if there is none.
    """
    found = (_by_id(rows, ref) or _by_name(rows, ref) or _by_stem(rows, ref)) if rows else None
    if found is None:
        raise no_job(ref, UsageError, remedy=_similar(rows, ref))
    return found


def _by_id(rows: Rows, ref: str) -> Row | None:
    if not (ref.isascii() and ref.isdigit()) or int(ref) > _LARGEST_ID:
        return None
    return next(iter(rows("SELECT * FROM job WHERE id = :id", id=int(ref))), None)


def _by_name(rows: Rows, ref: str) -> Row | None:
    return next(iter(rows("SELECT * FROM job WHERE name = :name ORDER BY id DESC LIMIT 1", name=ref)), None)


def _by_stem(rows: Rows, ref: str) -> Row | None:
    """Search the names that begin with `ref.`: `/` is the character after the dot, so the index can be used."""
    names = rows("SELECT id, name FROM job WHERE name >= :low AND name < :high", low=f"{ref}.", high=f"{ref}/")
    ids = [row["id"] for row in names if Path(row["name"]).stem == ref]
    return rows("SELECT * FROM job WHERE id = :id", id=max(ids))[0] if ids else None


def _similar(rows: Rows | None, ref: str) -> str:
    newest = rows("SELECT id, name FROM job ORDER BY id DESC LIMIT :most", most=_REMEMBERED) if rows else []
    by_name = {row["name"]: row["id"] for row in reversed(newest)}
    close = get_close_matches(ref, by_name, n=3, cutoff=0.5)
    if not close:
        return LIST_JOBS
    return "Did you mean " + " or ".join(f"{name} (job {by_name[name]})" for name in close) + "?"
