"""Costly results kept by content: never trusted unchecked, and never a reason for a job to fail."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

from dropdub.failpoints import reach
from dropdub.files.durable import write_whole
from dropdub.files.held import held, read_regular
from dropdub.files.removal import remove, remove_parts, remove_stale_parts

T = TypeVar("T")
log = logging.getLogger("dropdub.cache")

_MISFITS = (ValueError, KeyError, TypeError, EOFError)
_DIGEST_BYTES = 32
_NAME = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 4096
"""The least that a file takes up on a disk: without it, a million short translations would count as next to nothing."""
_TRIMMED = 0.9
"""The share of the limit that stays after a cleaning, so that not every write needs one."""
_UNCOUNTED = 0.01
"""The share of the limit that a process writes before it looks again at what all of them have written."""


@dataclass(frozen=True)
class CacheKey:
    """What a result was made from: one subclass for each kind of result, with a field for all that makes a difference.

    `use` sets one kind apart from the others. `method` is raised when the same fields would give another result; what
    was kept before is then not found any more. Fields are what JSON can hold, or dataclasses of that.
    """

    use: ClassVar[str]
    method: ClassVar[int]

    def __init_subclass__(cls, *, use: str, method: int) -> None:
        cls.use, cls.method = use, method

    def file_name(self) -> str:
        """Return the name under which the result is kept: a SHA-256 in hex."""
        parts = [self.use, self.method, asdict(self)]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


class _Entry(NamedTuple):
    used: float
    size: int
    path: Path


class Cache:
    """Results by the content they were made from, one file each: `ab/ab12…`, named by the SHA-256 of its key.

    Several processes may share one folder: a file appears whole or not at all, and starts with a checksum of its
    name and value. The one whose last use is the longest ago is removed first. `directory` None, and any failure of
    the cache itself, means that nothing is found and nothing kept.
    """

    def __init__(self, directory: Path | None, *, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._uncounted = max_bytes  # what earlier processes left is not known before the first look

    def get(self, key: CacheKey, *, check: Callable[[bytes], T]) -> T | None:
        """Return what `check` makes of the value kept under a key; None if there is none.

        `check` raises ValueError, KeyError or TypeError for a value that is not what it should be; it is removed.
        """
        if (path := self._path(key)) is None:
            return None
        try:
            with read_regular(path) as file:
                kept = file.read()
            value = check(_intact(path.name, kept))
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("cache not read: key=%s reason=%s", path.name, error)
            return None
        except _MISFITS as error:
            log.warning("cached value removed: key=%s reason=%s", path.name, error)
            _remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return value

    def put(self, key: CacheKey, value: bytes) -> None:
        """Keep `value` under a key."""
        path, size = self._path(key), _size_on_disk(_DIGEST_BYTES + len(value))
        if path is None or size > self._max_bytes:
            return
        try:
            reach("cache.before")
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, _digest(path.name, value) + value, durable=False)
            reach("cache.after")
            self._count(size)
        except OSError as error:
            log.warning("cache not written: key=%s reason=%s", path.name, error)
            _remove_unfinished(path)

    def _path(self, key: CacheKey) -> Path | None:
        if self._directory is None:
            return None
        name = key.file_name()
        return self._directory / name[:2] / name

    def _count(self, size: int) -> None:
        self._uncounted += size
        if self._directory is not None and self._uncounted >= self._max_bytes * _UNCOUNTED:
            self._uncounted = 0
            _trim(self._directory, self._max_bytes)


def from_json(value: bytes) -> Any:
    """Return the JSON that `value` holds. Raises ValueError."""
    return json.loads(value.decode())


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _digest(name: str, value: bytes) -> bytes:
    return hashlib.sha256(name.encode() + value).digest()


def _intact(name: str, kept: bytes) -> bytes:
    if _digest(name, kept[_DIGEST_BYTES:]) != kept[:_DIGEST_BYTES]:
        raise ValueError("its checksum does not match")
    return kept[_DIGEST_BYTES:]


def _size_on_disk(size: int) -> int:
    return -(-size // _BLOCK_BYTES) * _BLOCK_BYTES


def _trim(directory: Path, max_bytes: int) -> None:
    """Remove what was not used for the longest time, if all that is kept takes up more than it may."""
    entries = sorted(_entries(directory))
    excess = sum(entry.size for entry in entries) - max_bytes
    if excess <= 0:
        return
    excess += int(max_bytes * (1 - _TRIMMED))
    for entry in entries:
        if excess <= 0:
            break
        if _remove(entry.path):
            excess -= entry.size


def _entries(directory: Path) -> Iterator[_Entry]:
    for folder in directory.iterdir():
        with contextlib.suppress(OSError):  # another process has just finished or removed one
            remove_stale_parts(folder)
        with contextlib.suppress(OSError):
            yield from _entries_in(folder)


def _entries_in(folder: Path) -> Iterator[_Entry]:
    with os.scandir(folder) as found:
        for one in found:
            if _NAME.fullmatch(one.name):
                with contextlib.suppress(OSError):
                    info = one.stat(follow_symlinks=False)
                    yield _Entry(info.st_mtime, _size_on_disk(info.st_size), Path(one.path))


def _remove(path: Path) -> bool:
    """Remove an entry; return whether it is gone."""
    try:
        remove(path)
    except OSError as error:
        log.warning("cached value not removed: key=%s reason=%s", path.name, error)
        return False
    return True


def _remove_unfinished(path: Path) -> None:
    """Give back the space of a write that failed: on a full disk, what it wrote would be missing elsewhere."""
    with contextlib.suppress(OSError), held(path.parent) as folder:
        remove_parts(folder, path.name)
