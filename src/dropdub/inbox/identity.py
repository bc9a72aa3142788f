"""What tells one file from another of the same name: where it lies, how long it is, when it was written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEVICE_BITS = 2**63 - 1
"""Newer Pythons on Windows give devices of 64 bits; a database's integers have a sign."""


@dataclass(frozen=True)
class Identity:
    """A file as it was when it was looked at. A rename keeps all four; any write changes at least one."""

    device: int
    inode: str
    """Decimal text: Windows file ids exceed 63 bits."""
    size: int
    mtime_ns: int

    @staticmethod
    def of_stat(info: os.stat_result) -> Identity:
        return Identity(info.st_dev & _DEVICE_BITS, str(info.st_ino), info.st_size, info.st_mtime_ns)

    @staticmethod
    def of_list(row: Sequence[Any] | None) -> Identity | None:
        """Return what `as_list` was made of."""
        return None if row is None else Identity(*row)

    def as_list(self) -> list[Any]:
        """Return the four as a database keeps them."""
        return [self.device, self.inode, self.size, self.mtime_ns]


def identity(path: Path) -> Identity:
    """Return the identity of the file at `path`, of a link itself where it is one. Raises OSError."""
    return Identity.of_stat(path.lstat())
