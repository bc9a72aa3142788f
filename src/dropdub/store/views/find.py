"""Find jobs by id, file name, or file name without suffix, each also with the folder that the file came from."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from dropdub.errors import AmbiguousName, UsageError
from dropdub.store.no_job import LIST_JOBS, no_job
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows

_LARGEST_ID = 2**63 - 1
_MOST_LISTED = 10
_REMEMBERED = 500
"""How many of the newest names are searched for a similar one."""


def find_job(rows: Rows | None, ref: str) -> Row:
    """Return the job with this id, or the newest with this name, or the newest with this name without suffix.

    A name may follow the folder in the inbox: `S1/ep01`. Raises UsageError, which suggests similar names, if there is
    none, and AmbiguousName if files of several folders have the name.
    """
    if rows is None:
        raise no_job(ref, UsageError, remedy=LIST_JOBS)
    named = _by_id(rows, ref)
    if named is not None:
        return named
    found = _by_name(rows, ref) or _by_stem(rows, ref) or _by_path(rows, ref)
    if not found:
        raise no_job(ref, UsageError, remedy=_similar(rows, ref))
    newest = {row["folder"]: row for row in sorted(found, key=lambda row: int(row["id"]))}
    if len(newest) > 1:
        raise ambiguous(ref, [(str(row["id"]), _path(row)) for row in newest.values()])
    [one] = newest.values()
    return rows("SELECT * FROM job WHERE id = :id", id=one["id"])[0]


def ambiguous(ref: str, found: Sequence[tuple[str, str]]) -> AmbiguousName:
    """Return the error for a name with several answers. `found`: what to type for each, and its path."""
    listed = ", ".join(f"{typed} for {path}" for typed, path in found[-_MOST_LISTED:])
    return AmbiguousName(
        f"{ref!r} may be any of {len(found)} files in different folders.", remedy=f"Type instead: {listed}."
    )


def _by_id(rows: Rows, ref: str) -> Row | None:
    if not (ref.isascii() and ref.isdigit()) or int(ref) > _LARGEST_ID:
        return None
    return next(iter(rows("SELECT * FROM job WHERE id = :id", id=int(ref))), None)


def _by_name(rows: Rows, name: str) -> list[Row]:
    """Return id, name and folder of the jobs with a file name."""
    return list(rows("SELECT id, name, folder FROM job WHERE name = :name", name=name))


def _by_stem(rows: Rows, stem: str) -> list[Row]:
    """Search the names that begin with `stem.`: `/` is the character after the dot, so the index can be used."""
    low, high = f"{stem}.", f"{stem}/"
    names = rows("SELECT id, name, folder FROM job WHERE name >= :low AND name < :high", low=low, high=high)
    return [row for row in names if Path(row["name"]).stem == stem]


def _by_path(rows: Rows, ref: str) -> list[Row]:
    """Search a name that follows folders: all that the file was in, or the last of them."""
    folder, slash, name = ref.replace("\\", "/").removeprefix("./").rpartition("/")
    found = _by_name(rows, name) or _by_stem(rows, name) if slash and name else []
    return [row for row in found if f"/{row['folder'] or ''}".endswith(f"/{folder}")]


def _path(row: Row) -> str:
    return f"{row['folder']}/{row['name']}" if row["folder"] else str(row["name"])


def _similar(rows: Rows | None, ref: str) -> str:
    newest = rows("SELECT id, name FROM job ORDER BY id DESC LIMIT :most", most=_REMEMBERED) if rows else []
    by_name = {row["name"]: row["id"] for row in reversed(newest)}
    close = get_close_matches(ref, by_name, n=3, cutoff=0.5)
    if not close:
        return LIST_JOBS
    return "Did you mean " + " or ".join(f"{name} (job {by_name[name]})" for name in close) + "?"
