"""Whether a root and its database belong together, and whether the folders that the root used before still exist.

Needs no SQLAlchemy, takes no lock and changes nothing, so that every command can use it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.errors import FolderAway, RootRefused, StoreError
from dropdub.files.durable import is_file, is_folder, may_exist
from dropdub.root import CONFIG_NAME, Root
from dropdub.root_record import DATABASE, FOLDERS, RECORD_NAME, RootRecord, marker
from dropdub.store.location import sqlite_file
from dropdub.store.states import UNFINISHED
from dropdub.store.views.rows import decoded, listed, snapshot

RETURN = (
    "Connect its disk; work then resumes automatically. If it is gone for good, start once with: "
    "`dropdub watch --accept-missing`"
)


@dataclass(frozen=True)
class OwnerView:
    """The root recorded as a database's owner: its id and path, its folders, and how often it was started."""

    id: str
    path: str
    places: dict[str, Any]
    starts: int


def read_owner(url: str) -> OwnerView | None:
    """Return a database's owner; None if it has none yet or cannot be read (opening it will report why)."""
    with contextlib.suppress(StoreError), snapshot(url) as rows:
        found = rows("SELECT * FROM owner LIMIT 1") if rows is not None else []
        return OwnerView(**{**found[0], "places": decoded(found[0]["places"])}) if found else None
    return None


def refuse_foreign(root: Root, url: str) -> None:
    """Raise RootRefused if the database is another root's, or if this root is a copy that uses another's folders."""
    record, owner = RootRecord.load(root.path), read_owner(url)
    if record is not None and record.original(root) is not None:
        _refuse_shared(root, url, record, owner)
    if owner is None or (record is not None and record.is_known_as(owner.id)):
        return
    if _is_used_elsewhere(root, owner, record):
        raise RootRefused(
            f"{_place(url)} is the database of another root, {owner.path}.",
            remedy="Give each root its own database: remove the setting `database` from config.yaml, "
            "or set it to another file.",
        )
    if record is not None:  # without a record, the root was moved and its record was not
        raise RootRefused(
            f"{_place(url)} is not the database of this root: it was made for {owner.path}.",
            remedy=f"Replace it with the right one. If it is the right one, delete {root.path / RECORD_NAME}.",
        )


def refuse_away(root: Root, url: str) -> None:
    """Raise FolderAway if the database or the work folder is missing that an earlier start used.

    Without them, the daemon would create a new database, or give up jobs whose files it cannot see.
    """
    record = RootRecord.load(root.path)
    if record is None:
        return
    file, owner = sqlite_file(url), read_owner(url)
    if file is not None and owner is None and record.is_away(root, DATABASE, file.parent):
        raise FolderAway(f"The database {file} is missing; it existed at an earlier start.", remedy=RETURN)
    if record.is_away(root, "work", root.work) or _is_without_its_files(root, url, record):
        raise folder_away(root.work, record)
    before = Path(owner.places["work"]) if owner is not None and "work" in owner.places else root.work
    if before != root.work and not record.is_elsewhere(root):
        _refuse_left_behind(root, url, before)


def away_folders(root: Root, record: RootRecord | None) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each of the five folders that is currently missing."""
    for name in FOLDERS if record is not None else ():
        folder = getattr(root, name)
        if record is not None and record.is_away(root, name, folder):
            yield name, folder


def sources_in(url: str, folder: Path) -> Iterator[str]:
    """Yield the paths of the originals of unfinished jobs that are inside a folder."""
    with contextlib.suppress(StoreError), snapshot(url) as rows:
        states, values = listed(UNFINISHED, "s")
        found = rows(f"SELECT source FROM job WHERE state IN {states}", **values) if rows is not None else []
        yield from (row["source"] for row in found if Path(row["source"]).is_relative_to(folder))


def folder_away(folder: Path, record: RootRecord) -> FolderAway:
    """Return the error for a folder that is missing or was replaced by another."""
    if is_folder(folder):
        text = (
            f"{folder} is not the folder that earlier starts used: "
            f"its file {marker(folder, record.id).name} is missing."
        )
    else:
        text = f"The folder {folder} is missing; it existed at an earlier start."
    return FolderAway(text, remedy=RETURN)


def _is_used_elsewhere(root: Root, owner: OwnerView, record: RootRecord | None) -> bool:
    """Return whether the root that owns a database still exists at another path, with the same id.

    A root that cannot be read, perhaps because it belongs to another account, counts as existing.
    """
    other = RootRecord.of_root(Path(owner.path))
    if other is not None:
        return other.is_known_as(owner.id) and other.is_elsewhere(root)
    return record is None and owner.path != str(root.path) and may_exist(Path(owner.path) / CONFIG_NAME)


def _is_without_its_files(root: Root, url: str, record: RootRecord) -> bool:
    """Return whether the work folder has lost its marker, and with it the originals of unfinished jobs."""
    had_marker = "work" in record.places and root.path / record.places["work"].path == root.work
    if not had_marker or is_file(marker(root.work, record.id)):
        return False
    return any(not may_exist(Path(source)) for source in sources_in(url, root.work))


def _refuse_left_behind(root: Root, url: str, before: Path) -> None:
    """Raise FolderAway if the work folder was changed and lacks originals that the previous one has or had."""
    for source in map(Path, sources_in(url, before)):
        is_away = not is_folder(before)
        if not may_exist(root.work / source.relative_to(before)) and (is_away or may_exist(source)):
            raise FolderAway(
                f"The files of unfinished jobs are in {before}, but folders.work is now {root.work}.",
                remedy=(
                    f"Move the contents of {before} to {root.work}, or set folders.work back. "
                    "If they are gone for good, start once with: `dropdub watch --accept-missing`"
                ),
            )


def _refuse_shared(root: Root, url: str, record: RootRecord, owner: OwnerView | None) -> None:
    """Raise RootRefused if a copied root uses its original's database or folders: both would take the same files."""
    original = Path(record.path)
    theirs = {name: original / name for name in FOLDERS}
    theirs |= {name: original / place.path for name, place in record.places.items()}
    theirs |= {name: Path(place) for name, place in owner.places.items()} if owner is not None else {}
    shared = [name for name in FOLDERS if _real(theirs[name]) == _real(getattr(root, name))]
    file = sqlite_file(url)
    is_inside = file is not None and _real(file).is_relative_to(_real(root.path))
    if owner is not None and owner.path == record.path and not is_inside:
        shared.append(DATABASE)
    if shared:
        names = ", ".join(shared)
        raise RootRefused(
            f"{root.path} is a copy of {record.path}, which still exists, and both use the same {names}.",
            remedy=f"Set separate ones for the copy in config.yaml ({names}), or remove one of the two roots.",
        )


def _real(path: Path) -> Path:
    return Path(os.path.normcase(path.resolve()))


def _place(url: str) -> str:
    file = sqlite_file(url)
    return str(file) if file is not None else "The database"
