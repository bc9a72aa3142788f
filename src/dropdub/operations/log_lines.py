"""Read the lines of log files, and follow them across rotation."""

from __future__ import annotations

import os
from pathlib import Path

from dropdub.operations.place import Place

LOG_NAME = "dropdub.log"
_BLOCK = 64 * 1024


def log_file(place: Place, ref: str | None = None) -> Path:
    """Return the daemon's log, or the log of job `ref`; it may not exist yet. Raises UsageError if there is no such
    job.
    """
    if ref is None:
        return place.root.logs_dir / LOG_NAME
    return place.root.job_log(place.reader().find([ref])[0].id)


class Follower:
    """Reads the lines appended to a log.

    Opens the file only for each read: on Windows, an open file cannot be renamed, which would keep the daemon from
    rotating its log.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = 0
        self._identity: tuple[int, int] | None = None
        self._rest = b""

    def last(self, count: int) -> list[str]:
        """Return the last `count` lines; `new` continues after them."""
        if not self._file.is_file():
            return []
        with self._file.open("rb") as reader:
            stat = os.fstat(reader.fileno())
            self._identity, self._position = (stat.st_dev, stat.st_ino), stat.st_size
            data, start = b"", stat.st_size
            while start > 0 and data.count(b"\n") <= count:
                start = max(0, start - _BLOCK)
                reader.seek(start)
                data = reader.read(self._position - start)
        found = _lines(data)
        return found[-count:] if count else []

    def new(self) -> list[str]:
        """Return the complete lines appended since the last read, including those in a file rotated since."""
        data = self._rest + self._appended()
        whole, newline, self._rest = data.rpartition(b"\n")
        return _lines(whole) if newline else []

    def _appended(self) -> bytes:
        data = b""
        if self._was_rotated():
            data = self._read(self._file.with_name(f"{self._file.name}.1"), only=self._identity)
            self._position, self._identity = 0, None
        return data + self._read(self._file)

    def _was_rotated(self) -> bool:
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return False
        changed = self._identity is not None and (stat.st_dev, stat.st_ino) != self._identity
        return changed or stat.st_size < self._position

    def _read(self, file: Path, *, only: tuple[int, int] | None = None) -> bytes:
        try:
            with file.open("rb") as reader:
                stat = os.fstat(reader.fileno())
                identity = (stat.st_dev, stat.st_ino)
                if only is not None and identity != only:
                    return b""
                reader.seek(self._position)
                data = reader.read()
        except FileNotFoundError:
            return b""
        self._identity, self._position = identity, self._position + len(data)
        return data


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()
