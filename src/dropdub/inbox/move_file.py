"""How an original is moved, within one file system or to another, and what is said where it cannot be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dropdub.errors import OriginalKept, Waiting
from dropdub.files import durable
from dropdub.files.copying import copy_whole
from dropdub.files.removal import remove_copied, remove_copied_parts

SHARING_WINERRORS = (32, 33)
"""Windows: another process has the file open, or a part of it locked."""


class CannotMove(Waiting):
    """A file cannot be moved now: a right is missing, or the disk is full. `condition`: right, disk, writer."""


class StillWritten(CannotMove):
    """Another process is writing the file, or holds it open on Windows: soon it will not."""


def move(source: Path, target: Path) -> None:
    """Move a file, or a link itself, to a name that is free: by a rename if both are on one file system.

    Else copy, flush, compare hashes, rename, and only then remove.
    Raises FileExistsError if `target` is there: nothing is replaced.
    """
    try:
        durable.rename_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        _remove_moved(source, target)
        durable.fsync_dir(source.parent)


def _remove_moved(source: Path, target: Path) -> None:
    """Remove what was copied; raise StillWritten, with the copy taken back, if it has grown meanwhile.

    If it holds something else by now, both stay: what was copied, and what is a new file.
    """
    try:
        remove_copied(source, target)
    except OriginalKept:
        with suppress(OriginalKept):
            remove_copied(target, source)
            raise still_written_error(source) from None


def _copy(source: Path, target: Path) -> None:
    if stands(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if source.is_symlink():
        target.symlink_to(source.readlink())
        durable.fsync_dir(target.parent)
    else:
        remove_copied_parts(target, source)
        copy_whole(source, target)


def same_content(one: Path, other: Path) -> bool:
    """Return whether two files hold the same; of links, whether they lead to the same place."""
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    if not (one.is_file() and other.is_file()):  # a pipe would be waited for
        return False
    return one.stat().st_size == other.stat().st_size and durable.sha256(one) == durable.sha256(other)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durably."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in reversed(missing):
        durable.fsync_dir(place.parent)


def stands(path: Path) -> bool:
    """Return whether anything has this name, a link that leads nowhere included.

    Raises OSError if the system does not say: what cannot be looked at may be there.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def told(path: Path, folder: Path) -> Iterator[None]:
    """Turn what the operating system says into a sentence, and into whether it is to be tried again."""
    try:
        yield
    except OSError as error:
        if getattr(error, "winerror", None) in SHARING_WINERRORS:
            raise still_written_error(path) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise _not_permitted(path, folder) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(path, folder, error) from error
        raise


def _not_permitted(path: Path, folder: Path) -> CannotMove:
    return CannotMove(
        f"{path} cannot be moved to {folder}: the account that runs Dropdub does not have the right.",
        condition="right",
        remedy="Give it the right to change both folders and to read the file; it goes on by itself then.",
    )


def _no_room(path: Path, folder: Path, error: OSError) -> CannotMove:
    return CannotMove(
        f"{path} cannot be moved to {folder}: {error.strerror}.",
        condition="disk",
        remedy="Free some disk space there; it goes on by itself then.",
    )


def still_written_error(path: Path) -> StillWritten:
    """Return what is said of a file that another program is writing."""
    return StillWritten(
        f"{path} is still being written.",
        condition="writer",
        remedy="It is taken once the program that writes it is done.",
    )
