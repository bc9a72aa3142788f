"""The database as it is opened by the daemon and by commands that write to it."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, ProgrammingError
from sqlmodel import Session
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from dropdub.errors import StoreError, StoreUnavailable
from dropdub.failpoints import reach
from dropdub.store import backup
from dropdub.store.damage import damaged, foreign, refuse_newer, refuse_older, store_error
from dropdub.store.local_disk import refuse_network
from dropdub.store.location import sqlite_file
from dropdub.store.migrations import HEAD_REVISION
from dropdub.store.migrations.upgrade import upgrade

T = TypeVar("T")
BUSY_TIMEOUT_MS = 30_000
PATIENCE_S = 60.0
MIGRATION_PATIENCE_S = 120.0
_CHECKED_UP_TO = 4_000_000
"""Bytes. A database up to this size is checked whenever it is opened (about 10 ms); damage in a larger one shows when
the damaged part is read.
"""
_MAGIC = b"SQLite format 3\0"


class Store:
    """An open database. Threads may share it; processes may not, and it must not cross a fork."""

    def __init__(self, engine: Engine, place: str, file: Path | None = None, backups: Path | None = None) -> None:
        """`file` is the path of an SQLite database, `backups` the folder of its backups."""
        self.engine = engine
        self.place = place
        self.file = file
        self._backups = backups
        self._reading_engine = engine.execution_options(reads_only=True)
        self._hasty_engine = engine.execution_options(synchronous="NORMAL")

    @staticmethod
    def open(url: str, *, migrate: bool = True, backups: Path | None = None) -> Store:
        """Open the database at `url`; with `migrate`, create it or, after a backup to `backups`, upgrade it.

        Raises StoreError if it is damaged, newer than this program, on a network file system, or the database of
        another program; the file is then left unchanged. Without `migrate`, an older database is refused too.
        Raises StoreUnavailable if it stays in use, or if the backup before an upgrade cannot be made.
        """
        file = sqlite_file(url)
        if file is not None:
            _refuse_file(file, backups)
        store = Store(_engine(url, file), str(file) if file else make_url(url).render_as_string(), file, backups)
        try:
            _retry_while_locked(lambda: store._prepare(migrate=migrate))
        except DatabaseError as error:
            store.close()
            raise store_error(error, store.place, backups) from error
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def transaction(self, *, flushed: bool = True) -> Iterator[Session]:
        """Yield a session whose transaction holds the write lock from the start; commit at the end.

        Unless it is `flushed`, a power cut may undo it and whatever was committed after it, up to the next flushed
        commit: for what recovery does not rely on. Rolled back if the block raises. Objects stay readable after the
        block. Raises StoreError if the database stays busy or is damaged.
        """
        caller = sys._getframe(2).f_code.co_name  # the transition; frame 1 is the context manager's own
        with self._session(self.engine if flushed else self._hasty_engine) as session:
            yield session
            reach(f"commit.{caller}.before")
            session.commit()
            reach(f"commit.{caller}.after")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that reads one snapshot of the database; it neither waits for writers nor blocks them."""
        with self._session(self._reading_engine) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            with _begun(engine) as session:
                yield session
        except (DataError, IntegrityError, ProgrammingError):  # the data to write is wrong, not the database
            raise
        except DatabaseError as error:
            raise store_error(error, self.place, self._backups) from error

    def _prepare(self, *, migrate: bool) -> None:
        if self.file is not None and self.file.exists() and self.file.stat().st_size <= _CHECKED_UP_TO:
            self._check()
        if self._revision() != HEAD_REVISION:
            self._upgrade(migrate=migrate)

    def _check(self) -> None:
        with self._reading_engine.connect() as connection:
            if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
                raise damaged(self.place, self._backups)

    def _revision(self) -> str | None:
        """Return the database's revision; None if it is empty. Raises StoreError if it is another program's."""
        with self._reading_engine.connect() as connection:
            tables = inspect(connection).get_table_names()
            if "alembic_version" not in tables:
                if "job" in tables or (tables and self.engine.dialect.name == "sqlite"):
                    raise foreign(self.place)
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def _upgrade(self, *, migrate: bool) -> None:
        if not migrate:
            self._refuse_other_than_head()
        elif self.file is None:
            self._upgrade_under_lock()
        else:
            with FileLock(f"{self.file}.migrate.lock", timeout=MIGRATION_PATIENCE_S):
                self._upgrade_under_lock()

    def _upgrade_under_lock(self) -> None:
        """Upgrade the database unless another process did so while this one waited for the lock."""
        revision = self._revision()
        if revision is not None:
            refuse_newer(revision, self.place)
        if revision != HEAD_REVISION:
            if revision is not None and self.file is not None and self._backups is not None:
                _back_up_before_upgrade(self.file, self._backups)
            upgrade(self.engine)

    def _refuse_other_than_head(self) -> None:
        revision = self._revision()
        if revision is None:
            raise StoreError(f"{self.place} is empty.", remedy="Start the daemon once: `dropdub watch`.")
        refuse_newer(revision, self.place)
        refuse_older(revision, self.place)


def _back_up_before_upgrade(file: Path, folder: Path) -> None:
    try:
        backup.make(file, folder, now=time.time(), before=HEAD_REVISION)
    except StoreUnavailable as error:
        message = f"{file} was not upgraded because it could not be backed up first. {error.message}"
        raise StoreUnavailable(message, remedy=error.remedy) from error


@contextmanager
def _begun(engine: Engine) -> Iterator[Session]:
    """Yield a session whose transaction has begun; retry while another process holds the write lock."""
    session = _retry_while_locked(lambda: _begin(engine))
    try:
        yield session
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def _retry_while_locked(action: Callable[[], T]) -> T:
    """Retry `action` while another process holds the lock it needs, for up to `PATIENCE_S` seconds."""
    try:
        return action()
    except OperationalError as error:
        if not _is_busy(error):
            raise
    retrying = Retrying(
        retry=retry_if_exception(_is_busy),
        wait=wait_random_exponential(multiplier=0.05, max=1.0),
        stop=stop_after_delay(PATIENCE_S),
        reraise=True,
    )
    return retrying(action)


def _begin(engine: Engine) -> Session:
    session = Session(engine, expire_on_commit=False)
    try:
        session.connection()
    except BaseException:
        session.close()
        raise
    return session


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def _engine(url: str, file: Path | None) -> Engine:
    if file is None:
        return create_engine(url)
    engine = create_engine(URL.create("sqlite", database=str(file)))
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
    """Set up a new connection. Without an isolation level, the driver starts no transactions of its own."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: if it were taken at the first write, two processes could claim the same step."""
    options = connection.get_execution_options()
    if options.get("reads_only"):
        connection.exec_driver_sql("BEGIN")
        return
    # https://www.sqlite.org/pragma.html#pragma_synchronous: in WAL mode, a commit with NORMAL is not flushed.
    wanted = options.get("synchronous", "FULL")
    if connection.info.get("synchronous", "FULL") != wanted:
        connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
        connection.info["synchronous"] = wanted
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_file(file: Path, backups: Path | None) -> None:
    """Raise StoreError for a file that SQLite must not touch, before it is opened."""
    if not file.parent.is_dir():
        raise StoreError(
            f"The folder of {file} does not exist.", remedy="Create it, or correct database in config.yaml."
        )
    refuse_network(file)
    try:
        with file.open("rb") as reader:
            head = reader.read(len(_MAGIC))
    except FileNotFoundError:
        return
    except OSError as error:
        raise store_error(error, str(file), backups) from error
    if head not in (b"", _MAGIC):
        raise damaged(str(file), backups)
