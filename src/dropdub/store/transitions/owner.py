"""Record the root that owns a database, and update the paths in it when the root was moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from dropdub.files.durable import may_exist
from dropdub.store.database import Store
from dropdub.store.tables import JOB, OWNER


@dataclass(frozen=True)
class Move:
    """A folder's old and new path. `is_whole`: whether everything in it is known to have been moved.

    If not, a path is updated only if its file exists in the new folder and no longer in the old one.
    """

    old: Path
    new: Path
    is_whole: bool = True


_TEXT = ("source", "sidecar", "companion", "given_path", "destination", "published", "staging")
_NESTED = ("outputs", "revision", "options", "overrides")
_COLUMNS = (*_TEXT, *_NESTED)


def own_database(
    store: Store, *, id_: str, path: str, places: Mapping[str, str], starts: int = 0, moves: Sequence[Move] = ()
) -> int:
    """Record which root the database belongs to and update the paths of moved folders; return the count of starts.

    `starts`: the count in the root's record. The larger of the two counts is incremented.
    """
    with store.transaction() as session:
        before = session.connection().execute(select(OWNER.c.starts)).scalar() or 0
        session.connection().execute(delete(OWNER))
        now = max(before, starts) + 1
        row = {"id": id_, "path": path, "places": dict(places), "starts": now}
        session.connection().execute(insert(OWNER), row)
        if moves:
            _follow(session.connection(), moves)
    return now


def _follow(connection: Any, moves: Sequence[Move]) -> None:
    follow = follower(moves)
    columns = [JOB.c.id, *(JOB.c[name] for name in _COLUMNS)]
    changed = []
    for row in connection.execute(select(*columns)).mappings():
        new = {name: _followed(row[name], follow) for name in _COLUMNS}
        if any(new[name] != row[name] for name in _COLUMNS):
            changed.append({"job_id": row["id"], **{f"new_{name}": value for name, value in new.items()}})
    if changed:
        values = {name: bindparam(f"new_{name}", type_=JOB.c[name].type) for name in _COLUMNS}
        connection.execute(update(JOB).where(JOB.c.id == bindparam("job_id")).values(values), changed)


def follower(moves: Sequence[Move]) -> Callable[[str], str]:
    """Return a function that maps a path to its place after the moves; the first matching move applies."""
    texts = [(str(move.old), move) for move in moves if move.old != move.new]

    def follow(text: str) -> str:
        for begin, move in texts:
            if text.startswith(begin) and (path := Path(text)).is_relative_to(move.old):
                target = move.new / path.relative_to(move.old)
                return str(target) if move.is_whole or (may_exist(target) and not may_exist(path)) else text
        return text

    return follow


def _followed(value: Any, follow: Callable[[str], str]) -> Any:
    """Return a value with all strings in it mapped, at any depth."""
    if isinstance(value, str):
        return follow(value)
    if isinstance(value, list):
        return [_followed(item, follow) for item in value]
    if isinstance(value, dict):
        return {name: _followed(item, follow) for name, item in value.items()}
    return value
