"""Check the database: its integrity, revision, the size of its write-ahead log, and its backups."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.errors import ConfigError, StoreError
from dropdub.store.copies import Copy, copies
from dropdub.store.damage import damage_remedy
from dropdub.store.local_disk import refuse_network
from dropdub.store.location import sqlite_file, usable_url
from dropdub.store.migrations import HEAD_REVISION, REVISIONS
from dropdub.store.views.rows import snapshot
from dropdub.units import format_duration, format_size

LONG_WAL = 200_000_000
"""Bytes. Usually a few MB. It grows as long as a reader keeps the database open, and shrinks afterwards."""
BUSY_S = 5.0
LONGEST_WITHOUT_COPY_S = 2 * 86_400.0
"""The daemon makes a backup on every day on which it runs for a minute."""


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    try:
        file = sqlite_file(usable_url(subject.config.database, subject.root))
    except ConfigError as error:
        yield problem("Database", "the configured location cannot be used", error.remedy, detail=error.message)
        return
    if file is None:
        yield _other(subject.url)
    elif not file.exists() or file.stat().st_size == 0:
        yield ok("Database", "not created yet: the first start of the daemon creates it", detail=str(file))
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
        yield problem(
            "Database", "its location is not safe: it would be damaged there", error.remedy, detail=error.message
        )
        return
    except sqlite3.DatabaseError as error:
        yield damage_finding(str(error), file, backups)
        return
    yield damage_finding(whole, file, backups) if whole != "ok" else revision_finding(revision, file)
    yield wal_finding(_size(file.with_name(f"{file.name}-wal")), file)
    yield copies_finding(copies(backups), age_s=age_s, now=time.time())


def _revision(connection: sqlite3.Connection) -> str | None:
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return str(found[0]) if found else None


def _age_s(connection: sqlite3.Connection, now: float) -> float:
    """Return the seconds since this database was first used. The file's own times change with each write."""
    first_used = "SELECT min(started_at) FROM daemon UNION ALL SELECT min(created_at) FROM job"
    try:
        times = [moment for (moment,) in connection.execute(first_used) if moment is not None]
    except sqlite3.OperationalError:
        return 0.0
    return now - min(times, default=now)


def damage_finding(message: str, file: Path, backups: Path | None = None) -> Finding:
    """Return the finding for an error of SQLite: locked, or damaged. `backups` is the folder of the backups."""
    if "locked" in message or "busy" in message:
        remedy = "Close database tools and backup programs that have it open, then try again."
        return warning("Database", "locked by another program", remedy, detail=f"{file}: {message}")
    return problem("Database", "damaged, or not a database", damage_remedy(backups), detail=f"{file}: {message}")


def revision_finding(revision: str | None, file: Path) -> Finding:
    """Judge the revision of an undamaged database; None: it has none."""
    if revision == HEAD_REVISION:
        return ok("Database", f"intact, revision {revision}, {format_size(_size(file))}", detail=str(file))
    if revision is None:
        remedy = "Set database to another file in config.yaml."
        return problem("Database", "belongs to another program", remedy, detail=str(file))
    if revision in REVISIONS:
        text = f"intact, revision {revision}; the next start of the daemon upgrades it to {HEAD_REVISION}"
        return warning("Database", text, "Start the daemon once: `dropdub watch`.", detail=str(file))
    remedy = "Install the newer version again, or use another root."
    text = f"made by a newer version of Dropdub; this version knows revisions up to {HEAD_REVISION}"
    return problem("Database", text, remedy, detail=str(file))


def wal_finding(size: int, file: Path) -> Finding:
    """Judge the size of the write-ahead log, in bytes."""
    text = f"{format_size(size)} of write-ahead log"
    if size > LONG_WAL:
        remedy = "Close programs that keep the database open (a viewer, a backup), or restart the daemon."
        return warning("Database log", text, remedy, detail=f"{file}-wal")
    return ok("Database log", text)


def copies_finding(found: Sequence[Copy], *, age_s: float, now: float) -> Finding:
    """Judge the backups, newest first, of a database that was first used `age_s` seconds ago."""
    if found:
        age = format_duration(max(0.0, now - found[0].made_at))
        return ok("Database backups", f"{len(found)}, the newest {age} old", detail=str(found[0].path))
    if age_s > LONGEST_WITHOUT_COPY_S:
        text = f"none, although the database was first used {format_duration(age_s)} ago"
        remedy = (
            "Keep the daemon running: it makes a backup every day. If it is running, see why not with: `dropdub logs`."
        )
        return warning("Database backups", text, remedy)
    return ok("Database backups", "none yet: the daemon makes one every day")


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
    text = f"reachable, revision {HEAD_REVISION}" if made else "reachable and empty: the daemon's first start fills it"
    return ok("Database", text)
