"""Read an untrusted file: only a regular one, only up to a limit, and without blocking."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from dropdub.files.held import read_regular


def read_start(path: Path, most: int, *, follow: bool = False) -> bytes:
    """Return the first `most` bytes of a regular file; links are refused unless `follow`.

    Raises OSError, also for pipes, devices and folders.
    """
    found = path.stat() if follow else path.lstat()
    if not stat.S_ISREG(found.st_mode):  # not even opened: that would trigger some devices
        raise OSError(errno.EINVAL, "not a regular file but a folder, link, pipe or device", str(path))
    with read_regular(path, follow=follow) as reader:
        return reader.read(most)


def read_whole(path: Path, most: int) -> bytes:
    """Return the content of a regular file; links are refused. Raises OSError, also if it exceeds `most` bytes."""
    data = read_start(path, most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most} bytes", str(path))
    return data
