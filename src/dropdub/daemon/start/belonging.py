"""At startup: link the root and its database, and update stored paths if the root was moved."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dropdub.errors import StoreUnavailable
from dropdub.root import Root
from dropdub.root_record import DATABASE, FOLDERS, RECORD_NAME, RootRecord
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.location import sqlite_file
from dropdub.store.owner import refuse_foreign
from dropdub.store.states import JobState
from dropdub.store.tables import Owner
from dropdub.store.transitions import Move


@dataclass(frozen=True)
class Belonging:
    """The root's current record, and warnings found at startup."""

    record: RootRecord
    notes: tuple[str, ...] = ()

    @property
    def staging_prefix(self) -> str:
        """Return the name prefix of this root's staging folders, because several roots may share an outbox."""
        return self.record.id[:8]


def take_root(root: Root, url: str, store: Store, *, accept_missing: bool = False) -> Belonging:
    """Link the root and its database, and return the result. The root's lock must be held.

    If the root was moved, its paths in the database are rewritten. The same happens for a copy of a root that still
    exists; the copy also gets a new id. Safe to call again after a crash.
    Raises RootRefused, and StoreUnavailable while the root cannot be written to.
    """
    refuse_foreign(root, url)
    known, owner = RootRecord.load(root.path), queries.owner(store)
    record = known or RootRecord.new(root, owner.id if owner else None)
    if accept_missing:
        record = replace(record, places={})
    if record.original(root) is not None:
        record = replace(record, id=uuid.uuid4().hex, former=(*record.former, record.id))
        _save(record, root)  # save first: after a crash, an id known only to the database would look foreign
    notes = tuple(_warnings(store, url, known, owner))
    moves = tuple(_moves(root, store, owner))
    starts = transitions.own_database(
        store, id_=record.id, path=str(root.path), places=_places(root), starts=record.starts, moves=moves
    )
    record = replace(record, starts=starts).with_places(root, _kept_folders(root, url))
    _save(record, root)
    return Belonging(record, notes)


def _warnings(store: Store, url: str, record: RootRecord | None, owner: Owner | None) -> Iterator[str]:
    """Yield warnings about the database, judged by the root's record."""
    if record is None or not record.starts:
        return
    file = sqlite_file(url)
    place = str(file) if file is not None else "The database"
    if owner is None and not queries.any_job(store):
        yield f"{place} is new. The previous database of this root is gone, and with it the history of its jobs."
    elif owner is None or owner.starts < record.starts:
        yield f"{place} is an older copy. Anything that happened since it was made is missing from it."


def _moves(root: Root, store: Store, owner: Owner | None) -> Iterator[Move]:
    """Yield the old and new path of each moved folder, then of the root as a whole."""
    before = (Path(owner.path), owner.places) if owner is not None else _inferred(root, store)
    if before is None:
        return
    path, places = before
    is_moved = path != root.path
    for name in FOLDERS:
        old, new = places.get(name), getattr(root, name)
        if old and Path(old) != new:
            yield Move(Path(old), new, is_whole=is_moved and Path(old).is_relative_to(path))
    if is_moved:
        yield Move(path, root.path)


def _inferred(root: Root, store: Store) -> tuple[Path, dict[str, str]] | None:
    """Return where the root was, inferred from the paths in a database of an older version, which has no owner row.

    Recognises only the default layout, and only if some job's file is at the same relative path below this root.
    """
    for job in queries.unfinished_jobs(store, tuple(JobState)):
        source = Path(job.source)
        for name in FOLDERS:
            before = next((folder for folder in source.parents if folder.name == name), None)
            if before is None or before.parent == root.path or getattr(root, name) != root.path / name:
                continue
            if (root.path / source.relative_to(before.parent)).exists():
                return before.parent, {}
    return None


def _save(record: RootRecord, root: Root) -> None:
    try:
        record.save(root)
    except OSError as error:
        raise StoreUnavailable(
            f"{root.path / RECORD_NAME} cannot be written: {error.strerror}.",
            remedy="Free some disk space, or give the account that runs Dropdub write permission.",
        ) from error


def _places(root: Root) -> dict[str, str]:
    return {name: str(getattr(root, name)) for name in FOLDERS}


def _kept_folders(root: Root, url: str) -> dict[str, Path]:
    """Return the folders that must exist at the next start, by name."""
    file = sqlite_file(url)
    folders = {name: getattr(root, name) for name in FOLDERS}
    return folders | ({DATABASE: file.parent} if file is not None else {})
