"""Costly results kept by content: never trusted unseen, never a reason to fail."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from dropdub.failpoints import reach
from dropdub.files.removal import remove_tree

T = TypeVar("T")
Part = str | int | float | bool | None | dict[str, Any]
"""What a key is made of; a dict by its JSON."""

log = logging.getLogger("dropdub.cache")

_FAILURES = (sqlite3.Error, diskcache.Timeout, OSError)
_MISFITS = (ValueError, KeyError, TypeError, EOFError)
_LOCKED_S = 5.0
_DIGEST_BYTES = 32


class _BytesOnly(diskcache.Disk):  # type: ignore[misc]
    """Gives back nothing but bytes, so that a doctored file in the cache cannot run code: no value is unpickled."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode not in (diskcache.core.MODE_RAW, diskcache.core.MODE_BINARY):
            raise ValueError("the cache holds a value that is not bytes")
        return super().fetch(mode, filename, value, read)


class Cache:
    """Results by the content they were made from. Several processes may share one folder.

    `directory` None, and any failure of the cache itself, means that nothing is found and nothing kept.
    """

    def __init__(self, directory: Path | None, *, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._opened: diskcache.Cache | None = None

    def get(self, *parts: Part, check: Callable[[bytes], T]) -> T | None:
        """Return what `check` makes of the value kept under `parts`; None where there is none.

        `check` raises ValueError, KeyError or TypeError for a value that is not what it should be; that one is dropped.
        """
        key = _key(parts)
        try:
            kept = self._read(key)
            return None if kept is None else check(_intact(kept))
        except _MISFITS as error:
            log.warning("cached value dropped: key=%s reason=%s", key, error)
            self._drop(key)
        return None

    def put(self, *parts: Part, value: bytes) -> None:
        """Keep `value` under `parts`."""
        key = _key(parts)
        try:
            if (cache := self._cache()) is not None:
                reach("cache.before")
                cache.set(key, hashlib.sha256(value).digest() + value)
        except _FAILURES as error:
            log.warning("cache not written: key=%s reason=%s", key, error)

    def close(self) -> None:
        """Let go of the folder; the next use takes it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _read(self, key: str) -> bytes | None:
        try:
            cache = self._cache()
            kept: bytes | None = None if cache is None else cache.get(key)
            return kept
        except _FAILURES as error:
            log.warning("cache not read: key=%s reason=%s", key, error)
            return None

    def _drop(self, key: str) -> None:
        try:
            if (cache := self._cache()) is not None:
                cache.delete(key)
        except _FAILURES as error:
            log.warning("cached value not dropped: key=%s reason=%s", key, error)

    def _cache(self) -> diskcache.Cache | None:
        if self._opened is None and self._directory is not None:
            self._opened = self._open(self._directory)
        return self._opened

    def _open(self, directory: Path) -> diskcache.Cache:
        try:
            return self._open_once(directory)
        except sqlite3.OperationalError:  # locked, or no space: the files are not to blame
            raise
        except sqlite3.DatabaseError as error:
            log.warning("damaged cache made anew: folder=%s reason=%s", directory, error)
            remove_tree(directory)
            return self._open_once(directory)

    def _open_once(self, directory: Path) -> diskcache.Cache:
        return diskcache.Cache(str(directory), timeout=_LOCKED_S, disk=_BytesOnly, size_limit=self._max_bytes)


def from_json(value: bytes) -> Any:
    """Return the JSON that `value` holds. Raises ValueError."""
    return json.loads(value.decode())


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _key(parts: tuple[Part, ...]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _intact(kept: bytes) -> bytes:
    if not isinstance(kept, bytes) or hashlib.sha256(kept[_DIGEST_BYTES:]).digest() != kept[:_DIGEST_BYTES]:
        raise ValueError("its checksum does not match")
    return kept[_DIGEST_BYTES:]
