"""Moving originals: from the inbox into a job's work folder, and from there to archive/ or failed/.

Each move is intent first: the caller has recorded what goes where before it calls. So each function can be called
again after a crash at any instruction, and finds from what is on disk how far it got: the original is always whole
in one of the two places, in both only between the copy and the removal of a move across file systems.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dropdub import files
from dropdub.config import SIDECAR_SUFFIX
from dropdub.errors import NotAFile, UnreadableFile, Waiting
from dropdub.failpoints import reach
from dropdub.inbox.companions import companion_name
from dropdub.inbox.identity import Identity, identity
from dropdub.inbox.settle import still_written

NOTE_SUFFIX = ".error.txt"
NOTE_ROOM = len(NOTE_SUFFIX)
"""Bytes that a name in archive/ and failed/ leaves for what is put beside it: the note, or the shorter sidecar."""
_SHARING_WINERRORS = (32, 33)
"""Windows: another process has the file open, or a part of it locked."""


class CannotMove(Waiting):
    """A file cannot be moved now: a right is missing, or the disk is full. `condition`: right, disk, writer."""


class StillWritten(CannotMove):
    """Another process is writing the file, or holds it open on Windows: soon it will not."""


@dataclass(frozen=True)
class Wanted:
    """The intent that was recorded: which file is to come into a job's source folder, under which name."""

    path: Path
    name: str
    expected: Identity | None = None
    """How a dropped file looked when it had settled; None for a file given by name, of which a copy is taken."""
    sidecar: Path | None = None
    companion: Path | None = None
    """The subtitle that lies beside a film."""


@dataclass(frozen=True)
class Taken:
    """Where the original, its sidecar and its subtitle are now."""

    source: Path
    sidecar: Path | None = None
    companion: Path | None = None


@dataclass(frozen=True)
class Absent:
    """The file that was recorded is not to be had any more; what lies in its place, if anything, is a new drop."""

    reason: str


VANISHED = Absent("The file vanished before it was taken.")
CHANGED = Absent("The file was changed before it was taken; it is taken anew once it has settled.")


def bring_in(wanted: Wanted, source_dir: Path) -> Taken | Absent:
    """Do or finish what was recorded: move a dropped file, or copy a given one, into `source_dir`.

    Raises CannotMove or StillWritten when it is to be tried again later, NotAFile or UnreadableFile for a given one.
    """
    with _told(wanted.path, source_dir):
        _make_folder(source_dir)
        if wanted.expected is None:
            return give(wanted.path, source_dir, wanted.name)
        return take(wanted, source_dir, wanted.expected)


def take(wanted: Wanted, source_dir: Path, expected: Identity) -> Taken | Absent:
    """Move a dropped file, then what goes with it; go on where an earlier call was cut off."""
    source = source_dir / wanted.name
    if not _stands(source):
        absent = _absent(wanted.path, expected)
        if absent is not None:
            return absent
        if wanted.companion is not None and still_written(wanted.companion):
            raise _still_written(wanted.companion)
        _move(wanted.path, source)
        reach("intake.file_moved")
    _remove_leftover(wanted.path, source, expected)
    return Taken(source, _bring_sidecar(wanted.sidecar, source), _bring_companion(wanted.companion, source))


def give(path: Path, source_dir: Path, name: str) -> Taken | Absent:
    """Copy a file that was named by its user; the original is left alone. Raises NotAFile, UnreadableFile."""
    source = source_dir / name
    if _stands(source):
        return Taken(source)
    if not path.exists():
        return VANISHED
    if not path.is_file():
        raise NotAFile(f"{path} is not a file.", remedy="Name a recording or a text.")
    if not os.access(path, os.R_OK):
        raise UnreadableFile(f"{path} cannot be read by the account that runs Dropdub.")
    files.copy_whole(path, source)
    return Taken(source)


def hand_over(source: Path, sidecar: Path | None, destination: Path, *, companion: Path | None = None) -> Taken:
    """Move an original to `destination`, in archive/ or failed/, and what goes with it; nothing there is replaced.

    Where neither `source` nor `destination` is there, somebody took the original away; the answer is the same.
    Raises CannotMove when it is to be tried again later.
    """
    with _told(source, destination.parent):
        _make_folder(destination.parent)
        placed = _hand_over_one(source, destination)
        reach("intake.original_handed_over")
        beside = _hand_over_beside(sidecar, _beside(placed, SIDECAR_SUFFIX))
        below = _hand_over_beside(companion, companion_beside(placed, companion)) if companion else None
        return Taken(placed, beside, below)


def write_error_note(destination: Path, text: str) -> Path:
    """Write beside a failed original what happened and what to do now; return where. Raises CannotMove."""
    note = error_note(destination)
    with _told(note, note.parent):
        files.write_whole(note, text.encode("utf-8"))
    return note


def remove_error_note(destination: Path) -> None:
    """Remove the note beside an original that is tried again."""
    files.remove(error_note(destination))


def error_note(destination: Path) -> Path:
    """Return where the note about an original lies."""
    return _beside(destination, NOTE_SUFFIX)


def companion_beside(film: Path, companion: Path) -> Path:
    """Return where the subtitle of a film lies, or would lie, beside it."""
    return film.with_name(companion_name(film.name, companion.name))


def _absent(path: Path, expected: Identity) -> Absent | None:
    try:
        found = identity(path)
    except (FileNotFoundError, NotADirectoryError):
        return VANISHED
    if found != expected:
        return CHANGED
    if still_written(path):
        raise _still_written(path)
    return None


def _remove_leftover(path: Path, source: Path, expected: Identity) -> None:
    """Remove the original after a move across file systems that was cut off between copy and removal.

    Left in the inbox, it would be done a second time once the job has ended.
    """
    if not _stands(path) or identity(path) != expected:
        return
    if _is_copy(path, source):
        files.remove(path)
        files.fsync_dir(path.parent)


def _is_copy(path: Path, moved: Path) -> bool:
    """Return whether `moved` is what a move from another file system has made of `path`."""
    devices = {one.stat(follow_symlinks=False).st_dev for one in (path, moved)}
    return len(devices) == 2 and _same_content(path, moved)


def _bring_sidecar(sidecar: Path | None, source: Path) -> Path | None:
    if sidecar is None:
        return None
    target = _beside(source, SIDECAR_SUFFIX)
    if _stands(sidecar) and not _stands(target):
        _move(sidecar, target)
    reach("intake.sidecar_moved")
    return target if _stands(target) else None


def _bring_companion(companion: Path | None, source: Path) -> Path | None:
    if companion is None:
        return None
    target = companion_beside(source, companion)
    if _stands(companion) and not _stands(target):
        _move(companion, target)
    elif _stands(companion) and _is_copy(companion, target):
        files.remove(companion)  # left in the inbox, it would be taken for another drop
        files.fsync_dir(companion.parent)
    reach("intake.companion_moved")
    return target if _stands(target) else None


def _hand_over_beside(source: Path | None, destination: Path) -> Path | None:
    if source is None:
        return None
    placed = _hand_over_one(source, destination)
    reach("intake.beside_handed_over")
    return placed if _stands(placed) else None


def _hand_over_one(source: Path, destination: Path) -> Path:
    if not _stands(source):
        return destination
    if not _stands(destination):
        _move(source, destination)
    elif _same_content(source, destination):  # copied across file systems, and cut off before the removal
        files.remove(source)
    else:  # somebody put another file there after the name was chosen
        destination = destination.with_name(files.free_name(destination.parent, destination.name, room=NOTE_ROOM))
        _move(source, destination)
    return destination


def _move(source: Path, target: Path) -> None:
    """Move a file, or a link itself, to a name that is free."""
    if not source.is_symlink():
        files.move(source, target)
        return
    try:
        files.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        target.symlink_to(source.readlink())
        files.fsync_dir(target.parent)
        files.remove(source)


def _same_content(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return one.stat().st_size == other.stat().st_size and files.sha256(one) == files.sha256(other)


def _make_folder(folder: Path) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in reversed(missing):
        files.fsync_dir(place.parent)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(files.numbered(path.name, 1, room=len(suffix)) + suffix)


def _stands(path: Path) -> bool:
    """Return whether anything has this name, a link that leads nowhere included."""
    return os.path.lexists(path)


@contextmanager
def _told(path: Path, folder: Path) -> Iterator[None]:
    """Turn what the operating system says into a sentence, and into whether it is to be tried again."""
    try:
        yield
    except OSError as error:
        if getattr(error, "winerror", None) in _SHARING_WINERRORS:
            raise _still_written(path) from error
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


def _still_written(path: Path) -> StillWritten:
    return StillWritten(
        f"{path} is still being written.",
        condition="writer",
        remedy="It is taken once the program that writes it is done.",
    )
