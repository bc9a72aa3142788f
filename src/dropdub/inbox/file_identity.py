"""The identity of a file, which distinguishes it from others of the same name: device, inode, size and mtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEVICE_BITS = 2**63 - 1
"""Newer Pythons on Windows return 64-bit device numbers; a database's integers are signed."""


@dataclass(frozen=True)
class Identity:
    """A file's identity when it was examined. A rename keeps all four values; any write changes at least one."""

    device: int
    inode: str
    """Decimal text, because Windows file ids exceed 63 bits."""
    size: int
    mtime_ns: int

    @staticmethod
    def of_stat(info: os.stat_result) -> Identity:
        return Identity(info.st_dev & _DEVICE_BITS, str(info.st_ino), info.st_size, info.st_mtime_ns)

    @staticmethod
    def of_list(row: Sequence[Any] | None) -> Identity | None:
        """Return the identity that `as_list` was called on; None for None."""
        return None if row is None else Identity(*row)

    def as_list(self) -> list[Any]:
        """Return the four values as stored in the database."""
        return [self.device, self.inode, self.size, self.mtime_ns]


def identity(path: Path) -> Identity:
    """Return the identity of the file at `path`; of a link, that of the link itself. Raises OSError."""
    return Identity.of_stat(path.lstat())
