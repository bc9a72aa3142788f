"""Read a file that anybody may have put there: a regular one, no further than a limit, without waiting for anybody."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from dropdub.files.held import read_regular


def read_start(path: Path, most: int, *, follow: bool = False) -> bytes:
    """Return the first `most` bytes of a regular file; without `follow`, of what lies there itself, not behind a link.

    Raises OSError, also for pipes, devices and folders.
    """
    found = path.stat() if follow else path.lstat()
    if not stat.S_ISREG(found.st_mode):  # not even opened: some devices do something then
        raise OSError(errno.EINVAL, "it is no file, but a folder, a link, a pipe or a device", str(path))
    with read_regular(path, follow=follow) as reader:
        return reader.read(most)


def read_whole(path: Path, most: int) -> bytes:
    """Return all of a regular file that lies there itself. Raises OSError, also if it has more than `most` bytes."""
    data = read_start(path, most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most} bytes", str(path))
    return data
