"""The database: whole, of which revision, and how long its write-ahead log has grown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dropdub.doctor.finding import Finding, fine, problem, warning
from dropdub.doctor.subject import Subject
from dropdub.errors import StoreError
from dropdub.quantities import format_size
from dropdub.store.migrations import HEAD_REVISION, REVISIONS
from dropdub.store.places import refuse_network
from dropdub.store.urls import sqlite_file
from dropdub.store.views.rows import snapshot

LONG_WAL = 200_000_000
"""Bytes. Usually some MB: it grows while something keeps the database open for reading, and is emptied after."""
BUSY_S = 5.0


def findings(subject: Subject) -> Iterator[Finding]:
    file = sqlite_file(subject.url)
    if file is None:
        yield _other(subject.url)
    elif not file.exists() or file.stat().st_size == 0:
        yield fine("Database", "not made yet: the daemon's first start makes it", detail=str(file))
    else:
        yield from _sqlite(file)


def _sqlite(file: Path) -> Iterator[Finding]:
    try:
        refuse_network(file)
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            whole = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            revision = _revision(connection)
    except StoreError as error:
        yield problem("Database", "it lies where it gets damaged", error.remedy, detail=error.message)
        return
    except sqlite3.DatabaseError as error:
        yield damage_finding(str(error), file)
        return
    yield damage_finding(whole, file) if whole != "ok" else revision_finding(revision, file)
    yield wal_finding(_size(file.with_name(f"{file.name}-wal")), file)


def _revision(connection: sqlite3.Connection) -> str | None:
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return str(found[0]) if found else None


def damage_finding(told: str, file: Path) -> Finding:
    """Say that a database is damaged; `told` is SQLite's own word."""
    if "locked" in told or "busy" in told:
        remedy = "Close database tools and backups that have it open, then ask again."
        return warning("Database", "another program holds it", remedy, detail=f"{file}: {told}")
    remedy = (
        "Stop Dropdub, move the file with its -wal and -shm away and put a backup in its place, or start without one: "
        "files still in work/ are then to be dropped into the inbox again."
    )
    return problem("Database", "it is damaged, or is no database", remedy, detail=f"{file}: {told}")


def revision_finding(revision: str | None, file: Path) -> Finding:
    """Judge the revision of a database that is whole; None where it has none."""
    if revision == HEAD_REVISION:
        return fine("Database", f"whole, revision {revision}, {format_size(_size(file))}", detail=str(file))
    if revision is None:
        remedy = "Name another file under database in config.yaml."
        return problem("Database", "it is another program's", remedy, detail=str(file))
    if revision in REVISIONS:
        text = f"whole, of revision {revision}; the daemon's next start brings it to {HEAD_REVISION}"
        return warning("Database", text, "Start the daemon once: jobs watch.", detail=str(file))
    remedy = "Install the newer version again, or use another root."
    return problem("Database", f"a newer Dropdub made it; this one knows {HEAD_REVISION}", remedy, detail=str(file))


def wal_finding(size: int, file: Path) -> Finding:
    """Judge the size of the write-ahead log, in bytes."""
    text = f"{format_size(size)} of write-ahead log"
    if size > LONG_WAL:
        remedy = "Close programs that keep the database open (a viewer, a backup), or start the daemon again."
        return warning("Database log", text, remedy, detail=f"{file}-wal")
    return fine("Database log", text)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _other(url: str) -> Finding:
    try:
        with snapshot(url) as rows:
            made = rows is not None
    except StoreError as error:
        return problem("Database", "the database server cannot be used", error.remedy, detail=error.message)
    text = f"it answers, revision {HEAD_REVISION}" if made else "it answers, and is empty: the daemon's start fills it"
    return fine("Database", text)
