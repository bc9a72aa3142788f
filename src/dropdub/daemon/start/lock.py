"""One daemon per root, enforced by a lock that the system releases when its process ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dropdub.errors import DropdubError, RootLocked
from dropdub.root import Root
from dropdub.store.location import sqlite_file
from dropdub.store.views import open_reader


@contextmanager
def hold(root: Root, database_url: str) -> Iterator[None]:
    """Lock the root and its database for this process.

    Raises RootLocked, naming the process that holds either lock.
    """
    with ExitStack() as locks:
        locks.enter_context(_held(root.daemon_lock, f"on {root.path}", database_url))
        database = sqlite_file(database_url)
        if database is not None and database.parent.is_dir():
            real = database.resolve()  # a symbolic link in another root leads to the same database
            beside = real.with_name(f"{real.name}.daemon.lock")
            locks.enter_context(_held(beside, f"with {database}", database_url))
        yield


@contextmanager
def _held(file: Path, what: str, database_url: str) -> Iterator[None]:
    lock = FileLock(file, blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise RootLocked(
            f"Dropdub is already running {what}: {_holder(database_url)}.",
            remedy="Check it with: `dropdub status`. Stop it before you start another.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_held(lock_file: Path) -> bool:
    """Return whether some process holds this lock."""
    lock = FileLock(lock_file, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def _holder(database_url: str) -> str:
    try:
        daemon = open_reader(database_url).status(now=0.0, limit=0).daemon
    except DropdubError:
        daemon = None
    return (
        f"process {daemon.pid} on {daemon.host}, since {daemon.started_at}"
        if daemon
        else "a process that is still starting"
    )
