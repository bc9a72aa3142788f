"""Moving originals: from the inbox into a job's work folder, and from there to archive or failed.

Every function can be called again after a crash in its midst. The sidecar goes first, so that an original in its
place has its sidecar beside it.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import SIDECAR_SUFFIX
from dropdub.errors import DropdubError, UnreadableFile
from dropdub.files import copy_whole, move, remove, write_whole

NOTE_SUFFIX = ".error.txt"
NOTE_ROOM = max(len(NOTE_SUFFIX), len(SIDECAR_SUFFIX), len("..part"))
"""Bytes that a name must leave free, so that note and sidecar fit beside it."""


class StillWritten(DropdubError):
    """The file cannot be moved because another process holds it (Windows)."""


@dataclass(frozen=True)
class Claimed:
    """A file whose taking is recorded. `size` and `mtime_ns` are None where it need not be as it was (a retry)."""

    path: Path
    name: str
    sidecar: Path | None
    copy: bool = False
    size: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True)
class Taken:
    """An original in its place, with its sidecar if it has one."""

    source: Path
    sidecar: Path | None


@dataclass(frozen=True)
class Absent:
    """There is nothing to take, and why."""

    reason: str


def bring_in(claim: Claimed, source_dir: Path) -> Taken | Absent:
    """Move (or copy) a claimed file into `source_dir`.

    Raises StillWritten, or UnreadableFile where the file system refuses.
    """
    target = source_dir / claim.name
    if not _present(target):
        problem = _changed(claim)
        if problem is not None:
            return problem
        source_dir.mkdir(parents=True, exist_ok=True)
        _bring_sidecar(claim, target)
        _bring(claim.path, target, copy=claim.copy)
        remove(_note_of(claim.path))
    sidecar = target.with_name(target.name + SIDECAR_SUFFIX)
    return Taken(target, sidecar if sidecar.exists() else None)


def hand_over(source: Path, sidecar: Path | None, destination: Path) -> Taken:
    """Move an original and its sidecar to `destination`; what is there already is left."""
    target = destination.with_name(destination.name + SIDECAR_SUFFIX)
    if sidecar is not None and _present(sidecar):
        move(sidecar, target)
    if _present(source):
        move(source, destination)
    return Taken(destination, target if target.exists() else None)


def write_error_note(destination: Path, text: str) -> None:
    """Write, beside an original in failed/, what happened and what to do."""
    write_whole(_note_of(destination), text.encode())


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + NOTE_SUFFIX)


def _changed(claim: Claimed) -> Absent | None:
    try:
        now = claim.path.lstat()
    except FileNotFoundError:
        return Absent("The file vanished before it was taken.")
    if claim.mtime_ns is not None and (now.st_size, now.st_mtime_ns) != (claim.size, claim.mtime_ns):
        return Absent("The file changed before it was taken; it is looked at anew.")
    return None


def _bring_sidecar(claim: Claimed, target: Path) -> None:
    sidecar = claim.sidecar or claim.path.with_name(claim.path.name + SIDECAR_SUFFIX)
    if not claim.copy and sidecar.is_file():
        _bring(sidecar, target.with_name(target.name + SIDECAR_SUFFIX), copy=False)


def _bring(source: Path, target: Path, *, copy: bool) -> None:
    try:
        if copy:
            copy_whole(source, target)
        else:
            move(source, target)
    except PermissionError as error:
        if getattr(error, "winerror", None) == 32:
            raise StillWritten(f"{source.name} is in use by another program.") from error
        raise UnreadableFile(f"{source.name} cannot be taken: {error.strerror or error}.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UnreadableFile(f"{source.name} cannot be read: {error.strerror or error}.") from error


def _present(path: Path) -> bool:
    return path.is_symlink() or path.exists()
