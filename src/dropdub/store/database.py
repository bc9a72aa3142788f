"""The database as the daemon and the commands that change things open it."""

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
from dropdub.store.location import sqlite_file
from dropdub.store.migrations import HEAD_REVISION
from dropdub.store.migrations.upgrade import upgrade
from dropdub.store.places import refuse_network

T = TypeVar("T")
BUSY_TIMEOUT_MS = 30_000
PATIENCE_S = 60.0
MIGRATION_PATIENCE_S = 120.0
_CHECKED_UP_TO = 4_000_000
"""Bytes. A database up to this size is checked whole at each open (some 10 ms); damage in a larger one shows at use."""
_MAGIC = b"SQLite format 3\0"


class Store:
    """An open database. Threads may share it; processes may not, nor may it be carried over a fork."""

    def __init__(self, engine: Engine, place: str, file: Path | None = None, backups: Path | None = None) -> None:
        """`file` is where an SQLite database is, `backups` the folder of its copies."""
        self.engine = engine
        self.place = place
        self.file = file
        self._backups = backups
        self._reading_engine = engine.execution_options(reads_only=True)

    @staticmethod
    def open(url: str, *, migrate: bool = True, backups: Path | None = None) -> Store:
        """Open, and with `migrate` create or upgrade, the database at `url`, once it is copied into `backups`.

        Raises StoreError where it is damaged, newer than this program, on a network file system or in the way of
        another program; its file is then left as it was. Without `migrate` an older database is refused as well.
        Raises StoreUnavailable, too, where the copy before an upgrade cannot be made.
        """
        file = sqlite_file(url)
        if file is not None:
            _refuse_file(file, backups)
        store = Store(_engine(url, file), str(file) if file else make_url(url).render_as_string(), file, backups)
        try:
            _patiently(lambda: store._prepare(migrate=migrate))
        except DatabaseError as error:
            store.close()
            raise store_error(error, store.place, backups) from error
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session whose transaction holds the write lock from its beginning; commit at the end.

        Rolled back when the block raises. Objects that leave it stay readable.
        Raises StoreError where the database stays busy, or is damaged.
        """
        caller = sys._getframe(2).f_code.co_name  # the transition, past the context manager's own frame
        with self._session(self.engine) as session:
            yield session
            reach(f"commit.{caller}.before")
            session.commit()
            reach(f"commit.{caller}.after")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database, waits for no writer and holds none up."""
        with self._session(self._reading_engine) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            with _begun(engine) as session:
                yield session
        except (DataError, IntegrityError, ProgrammingError):  # of what was to be written, not of the database
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
        """Return the database's revision, None for an empty one."""
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
            self._upgrade_alone()
        else:
            with FileLock(f"{self.file}.migrate.lock", timeout=MIGRATION_PATIENCE_S):
                self._upgrade_alone()

    def _upgrade_alone(self) -> None:
        """Upgrade unless another process has done it while this one waited for the lock."""
        revision = self._revision()
        if revision is not None:
            refuse_newer(revision, self.place)
        if revision != HEAD_REVISION:
            if revision is not None and self.file is not None and self._backups is not None:
                _copy_before_upgrade(self.file, self._backups)
            upgrade(self.engine)

    def _refuse_other_than_head(self) -> None:
        revision = self._revision()
        if revision is None:
            raise StoreError(f"{self.place} is empty.", remedy="Start the daemon once: `dropdub watch`.")
        refuse_newer(revision, self.place)
        refuse_older(revision, self.place)


def _copy_before_upgrade(file: Path, folder: Path) -> None:
    try:
        backup.make(file, folder, now=time.time(), before=HEAD_REVISION)
    except StoreUnavailable as error:
        message = f"{file} is not upgraded before there is a copy of it. {error.message}"
        raise StoreUnavailable(message, remedy=error.remedy) from error


@contextmanager
def _begun(engine: Engine) -> Iterator[Session]:
    """Give a session whose transaction has begun; try again while another process holds the write lock."""
    session = _patiently(lambda: _begin(engine))
    try:
        yield session
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def _patiently(action: Callable[[], T]) -> T:
    """Do `action` again while another process holds the lock it needs."""
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
    """Set up a new connection. Without an isolation level the driver begins no transactions of its own."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock first: taken only at the first write, two processes may read the same step as queued."""
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _refuse_file(file: Path, backups: Path | None) -> None:
    """Refuse a file that SQLite must not touch, before it is opened."""
    if not file.parent.is_dir():
        raise StoreError(f"The folder of {file} is not there.", remedy="Make it, or correct database in config.yaml.")
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
