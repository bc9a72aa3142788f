"""Copy files so that the copy appears complete or not at all, and is verified."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dropdub.failpoints import reach
from dropdub.files.durable import blocks, digest_of, flush, part_name, rename, rename_new
from dropdub.files.held import HeldFolder, read_regular


def copy_whole(source: Path, target: Path) -> str:
    """Copy a file, following a link, so that `target` appears complete or not at all; return its SHA-256 in hex.

    Raises FileExistsError if `target` exists, and OSError if the copy differs from the source when it is read back, or
    if `source` is not a regular file.
    """
    with read_regular(source, follow=True) as reader:
        return copy_opened(reader, target)


def copy_opened(reader: BinaryIO, target: Path, *, replace: bool = False) -> str:
    """Copy an open file like `copy_whole`; with `replace`, an existing `target` is replaced."""
    with HeldFolder.open(target.parent) as folder:
        part, digest = copied_part(reader, folder, target.name)
    (rename if replace else rename_new)(target.with_name(part), target)
    return digest


def copied_part(reader: BinaryIO, folder: HeldFolder, name: str) -> tuple[str, str]:
    """Copy an open file to a temporary name in a folder; return that name and the copy's SHA-256 in hex.

    Raises OSError if the copy differs from the source when it is read back.
    """
    part, digest = part_name(name), hashlib.sha256()
    with folder.create(part) as writer, _emptied_on_error(writer):
        has_holes = _has_holes(reader)
        for block in blocks(reader):
            digest.update(block)
            if has_holes and not block.strip(b"\0"):
                writer.seek(len(block), os.SEEK_CUR)
            else:
                writer.write(block)
        writer.truncate()
        flush(writer)
        reach("copy.written")
        writer.seek(0)
        if digest_of(writer) != digest.hexdigest():
            raise OSError(errno.EIO, "the copy differs from the original", str(folder.path / name))
        _copy_metadata(reader, writer)
    if sys.platform == "win32":  # closing a file overwrites the times set while it was open
        _copy_times(reader, folder.path / part)
    return part, digest.hexdigest()


@contextlib.contextmanager
def _emptied_on_error(writer: BinaryIO) -> Iterator[None]:
    """Free the disk space of a failed copy; its empty file is removed by the next attempt."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            os.ftruncate(writer.fileno(), 0)
        raise


def _has_holes(reader: BinaryIO) -> bool:
    """Return whether a file is sparse: it takes less disk space than its size."""
    if sys.platform == "win32":
        return False
    info = os.fstat(reader.fileno())
    return info.st_blocks * 512 < info.st_size


def _copy_metadata(reader: BinaryIO, writer: BinaryIO) -> None:
    """Copy a file's owner, permissions and times, and on Linux its `user.` extended attributes.

    As far as the account is permitted to and the file system supports it: some refuse all of it.
    """
    info = os.fstat(reader.fileno())
    if sys.platform == "win32":
        return
    _set_owner(writer.fileno(), info)
    with contextlib.suppress(OSError):
        os.fchmod(writer.fileno(), info.st_mode & 0o777)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a file system without extended attributes
            for name in os.listxattr(reader.fileno()):
                if name.startswith("user."):
                    os.setxattr(writer.fileno(), name, os.getxattr(reader.fileno(), name))
    with contextlib.suppress(OSError):
        os.utime(writer.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))


def _set_owner(handle: int, info: os.stat_result) -> None:
    """Set the owner and group of a copy; only the group if this account may not change the owner."""
    if sys.platform == "win32":
        return
    made = os.fstat(handle)
    if (made.st_uid, made.st_gid) == (info.st_uid, info.st_gid):
        return
    for user in (info.st_uid, -1) if os.geteuid() == 0 else (-1,):
        with contextlib.suppress(OSError):
            os.fchown(handle, user, info.st_gid)
            return


def _copy_times(reader: BinaryIO, copy: Path) -> None:
    info = os.fstat(reader.fileno())
    with contextlib.suppress(OSError):
        os.utime(copy, ns=(info.st_atime_ns, info.st_mtime_ns))
