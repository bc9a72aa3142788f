"""Allow only one pull of a model at a time, across processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dropdub.errors import DownloadFailed

_MAX_WAIT_S = 6 * 3600.0
"""Any account that may read the lock can hold it forever."""


@contextmanager
def pull_lock(name: str, models_dir: Path, *, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a model's lock; wait while another process pulls it. Raises DownloadFailed after some hours."""
    models_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(models_dir / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{name} is being pulled by another process: waiting for it.")
        try:
            lock.acquire(timeout=_MAX_WAIT_S, poll_interval=0.2)
        except Timeout as error:
            raise DownloadFailed(
                f"{name} is still being pulled by another process.",
                remedy=f"Find the process that holds {lock.lock_file}, stop it, then pull again.",
            ) from error
    try:
        yield
    finally:
        lock.release()
