"""Move an original, within a file system or to another, and report why it cannot be moved."""

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
"""Windows: another process has the file open or a part of it locked."""


class CannotMove(Waiting):
    """A file cannot be moved now. `condition`: right (a permission is missing), disk (it is full), writer, folder."""


class StillWritten(CannotMove):
    """Another process is still writing the file, or on Windows has it open."""


def move(source: Path, target: Path) -> None:
    """Move a file, or a link itself, to a free name: by a rename if both are on the same file system.

    Otherwise: copy, flush, compare hashes, rename, and only then remove the source.
    Raises FileExistsError if `target` exists: nothing is replaced. Raises StillWritten if the source grows meanwhile.
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
    """Remove a file that was copied; if it has grown since, remove the copy and raise StillWritten.

    If its content was replaced meanwhile, both stay: the copy, and the source as a new file.
    """
    try:
        remove_copied(source, target)
    except OriginalKept:
        with suppress(OriginalKept):
            remove_copied(target, source)
            raise still_written_error(source) from None


def _copy(source: Path, target: Path) -> None:
    if lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if source.is_symlink():
        target.symlink_to(source.readlink())
        durable.fsync_dir(target.parent)
    else:
        remove_copied_parts(target, source)
        copy_whole(source, target)


def same_content(one: Path, other: Path) -> bool:
    """Return whether two files have the same content; for links, whether they have the same target."""
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    if not (one.is_file() and other.is_file()):  # reading a pipe would block
        return False
    return one.stat().st_size == other.stat().st_size and durable.sha256(one) == durable.sha256(other)


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, durably."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in reversed(missing):
        durable.fsync_dir(place.parent)


def lexists(path: Path) -> bool:
    """Return whether the path exists; a dangling link does.

    Raises OSError if the system cannot tell, since the path may exist then.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def move_errors(path: Path, folder: Path) -> Iterator[None]:
    """Turn an OSError that may go away into StillWritten or CannotMove, which are retried; others pass through."""
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
        f"{path} cannot be moved to {folder}: the account that runs Dropdub does not have permission.",
        condition="right",
        remedy="Allow it to change both folders and to read the file; the job then resumes automatically.",
    )


def _no_room(path: Path, folder: Path, error: OSError) -> CannotMove:
    return CannotMove(
        f"{path} cannot be moved to {folder}: {error.strerror}.",
        condition="disk",
        remedy="Free some disk space there; the job then resumes automatically.",
    )


def still_written_error(path: Path) -> StillWritten:
    """Return the error for a file that another program is still writing."""
    return StillWritten(
        f"{path} is still being written.",
        condition="writer",
        remedy="It will be picked up as soon as the other program has finished writing it.",
    )
