"""Content-addressed cache of expensive results: entries are verified when read, and no cache error fails a job."""

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
"""Smallest space a file occupies on disk. Without it, a million short translations would count as almost nothing."""
_TRIMMED = 0.9
"""Share of the limit that remains after trimming, so that not every write has to trim."""
_UNCOUNTED = 0.01
"""Share of the limit that a process writes before it measures the whole cache again."""


@dataclass(frozen=True)
class CacheKey:
    """Everything a result depends on: one subclass for each kind of result, one field for each dependency.

    `use` names the kind of result. Increase `method` when the same fields give another result: older entries are then
    no longer found. Fields hold JSON values or dataclasses of JSON values.
    """

    use: ClassVar[str]
    method: ClassVar[int]

    def __init_subclass__(cls, *, use: str, method: int) -> None:
        cls.use, cls.method = use, method

    def file_name(self) -> str:
        """Return the file name of the result: a SHA-256 in hex."""
        parts = [self.use, self.method, asdict(self)]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


class _Entry(NamedTuple):
    used: float
    size: int
    path: Path


class Cache:
    """Results by the content they were made from, one file each: `ab/ab12…`, named by the SHA-256 of its key.

    Several processes may share a folder: files are written atomically and start with a checksum of their name and
    value. The least recently used file is removed first. If `directory` is None, or the cache itself fails, nothing is
    found and nothing is stored.
    """

    def __init__(self, directory: Path | None, *, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._uncounted = max_bytes  # the first write measures what earlier processes left

    def get(self, key: CacheKey, *, check: Callable[[bytes], T]) -> T | None:
        """Return the value stored under a key, parsed by `check`; None if there is none.

        `check` raises ValueError, KeyError or TypeError for an invalid value, which is then removed.
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

    def has(self, file_name: str) -> bool:
        """Return whether there is a value under the key with this `file_name`. It is not read."""
        return self._directory is not None and (self._directory / file_name[:2] / file_name).is_file()

    def put(self, key: CacheKey, value: bytes) -> None:
        """Store `value` under a key. Errors are logged, not raised."""
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
    """Parse `value` as JSON. Raises ValueError."""
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
    """Remove the least recently used entries if the cache is larger than `max_bytes`."""
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
        with contextlib.suppress(OSError):  # another process may just have finished or removed one
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
    """Remove an entry; return whether that succeeded."""
    try:
        remove(path)
    except OSError as error:
        log.warning("cached value not removed: key=%s reason=%s", path.name, error)
        return False
    return True


def _remove_unfinished(path: Path) -> None:
    """Free the space of a failed write: on a full disk, other writes need it."""
    with contextlib.suppress(OSError), held(path.parent) as folder:
        remove_parts(folder, path.name)
