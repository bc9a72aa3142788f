"""The database: whole, of which revision, how long its write-ahead log has grown, and what copies there are of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from dropdub.doctor.finding import Finding, fine, problem, warning
from dropdub.doctor.subject import Subject
from dropdub.errors import ConfigError, StoreError
from dropdub.store import backup
from dropdub.store.damage import damage_remedy
from dropdub.store.location import sqlite_file, usable_url
from dropdub.store.migrations import HEAD_REVISION, REVISIONS
from dropdub.store.places import refuse_network
from dropdub.store.views.rows import snapshot
from dropdub.units import format_duration, format_size

LONG_WAL = 200_000_000
"""Bytes. Usually some MB: it grows while something keeps the database open for reading, and is emptied after."""
BUSY_S = 5.0
LONGEST_WITHOUT_COPY_S = 2 * 86_400.0
"""Each day that the daemon runs for a minute has its copy."""


def findings(subject: Subject) -> Iterator[Finding]:
    try:
        file = sqlite_file(usable_url(subject.config.database, subject.root))
    except ConfigError as error:
        yield problem("Database", "it cannot be where the settings say", error.remedy, detail=error.message)
        return
    if file is None:
        yield _other(subject.url)
    elif not file.exists() or file.stat().st_size == 0:
        yield fine("Database", "not made yet: the daemon's first start makes it", detail=str(file))
    else:
        yield from _sqlite(file, subject.root.backups_dir)


def _sqlite(file: Path, backups: Path) -> Iterator[Finding]:
    try:
        refuse_network(file)
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            whole = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            revision = _revision(connection)
            age_s = _age_s(connection, time.time())
    except StoreError as error:
        yield problem("Database", "it lies where it gets damaged", error.remedy, detail=error.message)
        return
    except sqlite3.DatabaseError as error:
        yield damage_finding(str(error), file, backups)
        return
    yield damage_finding(whole, file, backups) if whole != "ok" else revision_finding(revision, file)
    yield wal_finding(_size(file.with_name(f"{file.name}-wal")), file)
    yield copies_finding(backup.copies(backups), age_s=age_s, now=time.time())


def _revision(connection: sqlite3.Connection) -> str | None:
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return str(found[0]) if found else None


def _age_s(connection: sqlite3.Connection, now: float) -> float:
    """Return how long ago this database was first used; a file's own times change with each write."""
    first_used = "SELECT min(started_at) FROM daemon UNION ALL SELECT min(created_at) FROM job"
    try:
        times = [moment for (moment,) in connection.execute(first_used) if moment is not None]
    except sqlite3.OperationalError:
        return 0.0
    return now - min(times, default=now)


def damage_finding(told: str, file: Path, backups: Path | None = None) -> Finding:
    """Say that a database is damaged; `told` is SQLite's own word, `backups` the folder of its copies."""
    if "locked" in told or "busy" in told:
        remedy = "Close database tools and backups that have it open, then ask again."
        return warning("Database", "another program holds it", remedy, detail=f"{file}: {told}")
    return problem("Database", "it is damaged, or is no database", damage_remedy(backups), detail=f"{file}: {told}")


def revision_finding(revision: str | None, file: Path) -> Finding:
    """Judge the revision of a database that is whole; None where it has none."""
    if revision == HEAD_REVISION:
        return fine("Database", f"whole, revision {revision}, {format_size(_size(file))}", detail=str(file))
    if revision is None:
        remedy = "Name another file under database in config.yaml."
        return problem("Database", "it is another program's", remedy, detail=str(file))
    if revision in REVISIONS:
        text = f"whole, of revision {revision}; the daemon's next start brings it to {HEAD_REVISION}"
        return warning("Database", text, "Start the daemon once: `dropdub watch`.", detail=str(file))
    remedy = "Install the newer version again, or use another root."
    return problem("Database", f"a newer Dropdub made it; this one knows {HEAD_REVISION}", remedy, detail=str(file))


def wal_finding(size: int, file: Path) -> Finding:
    """Judge the size of the write-ahead log, in bytes."""
    text = f"{format_size(size)} of write-ahead log"
    if size > LONG_WAL:
        remedy = "Close programs that keep the database open (a viewer, a backup), or start the daemon again."
        return warning("Database log", text, remedy, detail=f"{file}-wal")
    return fine("Database log", text)


def copies_finding(copies: Sequence[backup.Copy], *, age_s: float, now: float) -> Finding:
    """Judge the copies, the newest first, of a database that was first used `age_s` ago."""
    if copies:
        age = format_duration(max(0.0, now - copies[0].made_at))
        return fine("Database copies", f"{len(copies)}, the newest {age} old", detail=str(copies[0].path))
    if age_s > LONGEST_WITHOUT_COPY_S:
        text = f"there is none, of a database first used {format_duration(age_s)} ago"
        remedy = "Leave the daemon running: it makes one each day. If it runs, see why not with: `dropdub logs`."
        return warning("Database copies", text, remedy)
    return fine("Database copies", "none yet: the daemon makes one each day")


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
