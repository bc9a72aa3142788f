"""Read a file that anybody may have put there: a regular one, no further than a limit, without waiting for anybody."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_start(path: Path, most: int, *, follow: bool = False) -> bytes:
    """Return the first `most` bytes of a regular file; without `follow`, of what lies there itself, not behind a link.

    Raises OSError, also for pipes, devices and folders.
    """
    with _opened(path, follow=follow) as reader:
        return reader.read(most)


def _opened(path: Path, *, follow: bool) -> BinaryIO:
    found = path.stat() if follow else path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no file, but a folder, a link, a pipe or a device", str(path))
    handle = os.open(path, os.O_RDONLY | _NO_WAIT | (0 if follow else _NO_LINK))
    now = os.fstat(handle)
    if not stat.S_ISREG(now.st_mode) or (found.st_dev, found.st_ino) != (now.st_dev, now.st_ino):
        os.close(handle)
        raise OSError(errno.EINVAL, "it was exchanged while it was opened", str(path))
    return os.fdopen(handle, "rb")
