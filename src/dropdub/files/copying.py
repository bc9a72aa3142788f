"""Copies that appear whole or not at all, and were read back."""

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
    """Copy a file, of a link the one that it leads to, so that `target` appears whole or not at all.

    Returns its SHA-256 in hex. Raises FileExistsError when `target` is there, and OSError when the copy, read back,
    differs from what was read, or `source` is no regular file.
    """
    with read_regular(source, follow=True) as reader:
        return copy_opened(reader, target)


def copy_opened(reader: BinaryIO, target: Path, *, replace: bool = False) -> str:
    """Copy an open file as `copy_whole` does; `replace`: what is at `target`."""
    with HeldFolder.open(target.parent) as folder:
        part, digest = copied_part(reader, folder, target.name)
    (rename if replace else rename_new)(target.with_name(part), target)
    return digest


def copied_part(reader: BinaryIO, folder: HeldFolder, name: str) -> tuple[str, str]:
    """Copy an open file to a temporary name in a folder; return that name, and the copy's SHA-256 in hex."""
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
        _copy_look(reader, writer)
    if sys.platform == "win32":  # a time that is set on an open file is overwritten as it is closed
        _copy_times(reader, folder.path / part)
    return part, digest.hexdigest()


@contextlib.contextmanager
def _emptied_on_error(writer: BinaryIO) -> Iterator[None]:
    """Give the disk back what a copy has taken that is not going to be whole; its name goes at the next try."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            os.ftruncate(writer.fileno(), 0)
        raise


def _has_holes(reader: BinaryIO) -> bool:
    """Return whether a file takes less of the disk than its size says."""
    if sys.platform == "win32":
        return False
    info = os.fstat(reader.fileno())
    return info.st_blocks * 512 < info.st_size


def _copy_look(reader: BinaryIO, writer: BinaryIO) -> None:
    """Give a copy owner, rights and times of what it is a copy of, and on Linux what a person has noted on it.

    As far as the account may and the file system can: some of foreign systems refuse all of it.
    """
    info = os.fstat(reader.fileno())
    if sys.platform == "win32":
        return
    _give(writer.fileno(), info)
    with contextlib.suppress(OSError):
        os.fchmod(writer.fileno(), info.st_mode & 0o777)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a file system without such notes
            for name in os.listxattr(reader.fileno()):
                if name.startswith("user."):
                    os.setxattr(writer.fileno(), name, os.getxattr(reader.fileno(), name))
    with contextlib.suppress(OSError):
        os.utime(writer.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))


def _give(handle: int, info: os.stat_result) -> None:
    """Give a copy to the owner and group of a file, or where only root may, to the group alone."""
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
