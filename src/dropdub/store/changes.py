"""Notice that something was written to the database, by whichever process and thread, without reading it."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Changes:
    """Asks SQLite, on a connection of its own, whether another connection has committed since the last call.

    That takes some microseconds, and the queries of one turn of the supervisor milliseconds. Not thread-safe.
    """

    def __init__(self, file: Path | None) -> None:
        """`file` is the path of an SQLite database; None for a database on a server, which has no such counter."""
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None

    def happened(self) -> bool:
        """Return whether anything may have been committed since the last call; True for the first one.

        True, too, if that cannot be found out: the query that then follows says why, or waits.
        """
        try:
            version = self._data_version()
        except sqlite3.Error:
            return True
        before, self._version = self._version, version
        return version is None or version != before

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _data_version(self) -> int | None:
        if self._file is None:
            return None
        if self._connection is None:
            self._connection = sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True, timeout=0)
        [version] = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
