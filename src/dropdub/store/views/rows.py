"""Read-only access to rows: with the standard library for SQLite, with SQLAlchemy for any other database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from dropdub.store.damage import refuse_newer, refuse_older, store_error
from dropdub.store.location import sqlite_file

BUSY_TIMEOUT_S = 30.0
Row = Mapping[str, Any]


class Rows(Protocol):
    """Queries a snapshot of the database. Parameters in the SQL are written `:name`."""

    def __call__(self, sql: str, /, **values: Any) -> Sequence[Row]: ...


@contextmanager
def snapshot(url: str, *, backups: Path | None = None) -> Iterator[Rows | None]:
    """Yield a snapshot of the database to query; None if there is no database yet.

    `backups` is the folder of its backups. Raises StoreError if the database is damaged or of another version.
    """
    file = sqlite_file(url)
    if file is None:
        with _other(url) as rows:
            yield rows
    elif not file.exists() or file.stat().st_size == 0:
        yield None
    else:
        with _sqlite(file, backups) as rows:
            yield rows


def listed(values: Sequence[Any], name: str) -> tuple[str, dict[str, Any]]:
    """Return `(:name0, :name1 …)` and its parameters for `values`, because neither driver accepts a list."""
    filled = {f"{name}{number}": value for number, value in enumerate(values)}
    return "(" + ", ".join(f":{key}" for key in filled) + ")", filled


def decoded(value: Any) -> Any:
    """Return a JSON column's value: SQLite's driver returns the text, other drivers the decoded value."""
    return json.loads(value) if isinstance(value, str) else value


@contextmanager
def _sqlite(file: Path, backups: Path | None) -> Iterator[Rows | None]:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
            connection.row_factory = sqlite3.Row
            connection.isolation_level = None
            connection.execute("BEGIN")

            def rows(sql: str, /, **values: Any) -> Sequence[Row]:
                return [dict(row) for row in connection.execute(sql, values)]

            made = rows("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
            yield _of_this_version(rows, str(file)) if made else None
    except sqlite3.DatabaseError as error:
        raise store_error(error, str(file), backups) from error


@contextmanager
def _other(url: str) -> Iterator[Rows | None]:
    from sqlalchemy import create_engine, inspect, make_url, text  # noqa: PLC0415  slow, and not needed for SQLite
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415

    place = make_url(url).render_as_string()
    engine = create_engine(url)
    try:
        with engine.connect() as connection:

            def rows(sql: str, /, **values: Any) -> Sequence[Row]:
                return [dict(row) for row in connection.execute(text(sql), values).mappings()]

            yield _of_this_version(rows, place) if inspect(connection).has_table("alembic_version") else None
    except DatabaseError as error:
        raise store_error(error, place) from error
    finally:
        engine.dispose()


def _of_this_version(rows: Rows, place: str) -> Rows | None:
    found = rows("SELECT version_num FROM alembic_version")
    if not found:
        return None
    revision = str(found[0]["version_num"])
    refuse_newer(revision, place)
    refuse_older(revision, place)
    return rows
