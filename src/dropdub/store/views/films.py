"""Which recording a job is about, and which later jobs are revisions of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows, decoded

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class Version:
    """A revision of a recording."""

    id: int
    state: str


@dataclass(frozen=True)
class FilmView:
    """The recording of a job: its name, and where it is now.

    `revises`: the job of which this one is a revision; None if it is none. `newer`: the revisions that came later.
    """

    name: str
    path: str
    revises: int | None
    newer: list[Version]


def film_view(rows: Rows, job_id: int) -> FilmView | None:
    """Return the recording of a job; None if there is no such job."""
    found = rows("SELECT id, name, source, revision FROM job WHERE id = :id", id=job_id)
    if not found:
        return None
    name, path = _film(found[0])
    revision = _revision(found[0])
    return FilmView(name, path, int(revision["job"]) if revision else None, _newer(rows, job_id, name, path))


def _newer(rows: Rows, job_id: int, name: str, path: str) -> list[Version]:
    """Return the later revisions: a subtitle's name begins as that of its recording, which an index finds."""
    stem = PurePath(name).stem
    sql = """SELECT id, name, source, state, revision FROM job
             WHERE name >= :low AND name < :high AND id > :id AND revision IS NOT NULL ORDER BY id"""
    named = rows(sql, low=stem, high=f"{stem}{_LAST_CHARACTER}", id=job_id)
    return [Version(row["id"], row["state"]) for row in named if _film(row)[1] == path]


def _film(row: Row) -> tuple[str, str]:
    revision = _revision(row)
    return (str(revision["name"]), str(revision["film"])) if revision else (row["name"], row["source"])


def _revision(row: Row) -> Mapping[str, Any] | None:
    found = decoded(row["revision"])
    return found if isinstance(found, dict) and {"job", "name", "film"} <= found.keys() else None
