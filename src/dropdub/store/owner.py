"""Whether a root and its database belong together, and whether all that the root used before is there now.

Needs no SQLAlchemy, takes no lock and changes nothing, so that every command can ask.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.errors import FolderAway, RootRefused, StoreError
from dropdub.files import is_file
from dropdub.root import Root
from dropdub.rootrecord import DATABASE, FOLDERS, RECORD_NAME, RootRecord, marker
from dropdub.store.states import UNFINISHED
from dropdub.store.urls import sqlite_file
from dropdub.store.views.rows import decoded, listed, snapshot


@dataclass(frozen=True)
class OwnerView:
    """The root that a database says it belongs to, where its folders were, and how often it was started with it."""

    id: str
    path: str
    places: dict[str, Any]
    starts: int


def read_owner(url: str) -> OwnerView | None:
    """Return a database's owner; None if it has none yet, or cannot be read: opening it will say why."""
    with contextlib.suppress(StoreError), snapshot(url) as rows:
        found = rows("SELECT * FROM owner LIMIT 1") if rows is not None else []
        return OwnerView(**{**found[0], "places": decoded(found[0]["places"])}) if found else None
    return None


def refuse_foreign(root: Root, url: str) -> None:
    """Raise RootRefused if the database is another root's, or this root shares a folder with the one it copies."""
    record, owner = RootRecord.load(root.path), read_owner(url)
    if record is not None and record.original(root) is not None:
        _refuse_shared(root, url, record, owner)
    if owner is None or (record is not None and record.is_known_as(owner.id)):
        return
    other = RootRecord.load(Path(owner.path))
    is_used = other is not None and other.is_known_as(owner.id) and other.is_elsewhere(root)
    if is_used:
        raise RootRefused(
            f"{_place(url)} is the database of another root, {owner.path}.",
            remedy="Give each root a database of its own: leave out database in config.yaml, or name another file.",
        )
    if record is not None:  # else the record was left behind when the root was moved
        raise RootRefused(
            f"{_place(url)} is not the database of this root: it was made for {owner.path}.",
            remedy=f"Put the right one in its place. If it is the right one, delete {root.path / RECORD_NAME}.",
        )


def refuse_away(root: Root, url: str) -> None:
    """Raise FolderAway while the database or the work folder is not where it was at an earlier start.

    Without them the daemon would begin with a new database, or give up jobs whose files it does not see.
    """
    record = RootRecord.load(root.path)
    if record is None:
        return
    file, owner = sqlite_file(url), read_owner(url)
    if file is not None and owner is None and record.is_away(root, DATABASE, file.parent):
        raise _away(f"The database {file}")
    if record.is_away(root, "work", root.work):
        raise _away(f"The folder {root.work}, in which jobs are worked on,")
    before = Path(owner.places["work"]) if owner is not None and "work" in owner.places else None
    if before is None or before == root.work or record.is_elsewhere(root) or not any(sources_in(url, before)):
        return
    if not is_file(marker(root.work, record.id)):
        raise FolderAway(
            f"The files of jobs under way are in {before}, but folders.work is {root.work} now.",
            remedy=f"Move what is in {before} to {root.work}, or set folders.work back.",
        )


def away_folders(root: Root, record: RootRecord | None) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each of the five folders that is away now."""
    for name in FOLDERS if record is not None else ():
        folder = getattr(root, name)
        if record is not None and record.is_away(root, name, folder):
            yield name, folder


def sources_in(url: str, folder: Path) -> Iterator[str]:
    """Yield where the originals of unfinished jobs are, as far as they are in a folder."""
    with contextlib.suppress(StoreError), snapshot(url) as rows:
        states, values = listed(UNFINISHED, "s")
        found = rows(f"SELECT source FROM job WHERE state IN {states}", **values) if rows is not None else []
        yield from (row["source"] for row in found if Path(row["source"]).is_relative_to(folder))


def _refuse_shared(root: Root, url: str, record: RootRecord, owner: OwnerView | None) -> None:
    """Refuse a copy that uses a folder, or the database, of its original: both would take the same files."""
    file = sqlite_file(url)
    theirs = {name: place.path for name, place in record.places.items()} | (owner.places if owner is not None else {})
    shared = [name for name in FOLDERS if theirs.get(name) == str(getattr(root, name))]
    if owner is not None and owner.path == record.path and (file is None or not file.is_relative_to(root.path)):
        shared.append(DATABASE)
    if shared:
        names = ", ".join(shared)
        raise RootRefused(
            f"{root.path} is a copy of {record.path}, which is still there, and both use the same {names}.",
            remedy=f"Give the copy its own in config.yaml ({names}), or remove one of the two roots.",
        )


def _place(url: str) -> str:
    file = sqlite_file(url)
    return str(file) if file is not None else "The database"


def _away(what: str) -> FolderAway:
    return FolderAway(
        f"{what} is not there, although it was at an earlier start.",
        remedy=(
            "Connect its disk; work continues by itself then. If it is gone for good, start once with: "
            "jobs watch --accept-missing"
        ),
    )
