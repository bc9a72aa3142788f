"""Moving originals: from the inbox into a job's work folder, and from there to archive/ or failed/.

Each move is intent first: the caller has recorded what goes where before it calls. So each function can be called
again after a crash at any instruction, and finds from what is on disk how far it got: the original is always whole
in one of the two places, in both only between the copy and the removal of a move across file systems.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dropdub import files
from dropdub.config import SIDECAR_SUFFIX
from dropdub.errors import NotAFile, UnreadableFile
from dropdub.failpoints import reach
from dropdub.inbox.companions import companion_name
from dropdub.inbox.identity import Identity, identity
from dropdub.inbox.moving import is_copy, make_folder, move, same_content, stands, still_written_error, told
from dropdub.inbox.settle import still_written
from dropdub.privacy import disarm, share
from dropdub.removal import remove, remove_copied

NOTE_SUFFIX = ".error.txt"
_FIRST_LINES = re.compile(rb"[^\n]+: (failed|cancelled)\r?\n\r?\n")
NOTE_ROOM = len(NOTE_SUFFIX)
"""Bytes that a name in archive/ and failed/ leaves for what is put beside it: the note, or the shorter sidecar."""


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
    with told(wanted.path, source_dir):
        make_folder(source_dir)
        if wanted.expected is None:
            return give(wanted.path, source_dir, wanted.name)
        return take(wanted, source_dir, wanted.expected)


def take(wanted: Wanted, source_dir: Path, expected: Identity) -> Taken | Absent:
    """Move a dropped file, then what goes with it; go on where an earlier call was cut off."""
    source = source_dir / wanted.name
    if not stands(source):
        absent = _absent(wanted.path, expected)
        if absent is not None:
            return absent
        if wanted.companion is not None and still_written(wanted.companion):
            raise still_written_error(wanted.companion)
        move(wanted.path, source)
        reach("intake.file_moved")
    _remove_leftover(wanted.path, source, expected)
    return Taken(source, _bring_sidecar(wanted.sidecar, source), _bring_companion(wanted.companion, source))


def give(path: Path, source_dir: Path, name: str) -> Taken | Absent:
    """Copy a file that was named by its user; the original is left alone. Raises NotAFile, UnreadableFile."""
    source = source_dir / name
    if stands(source):
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
    with told(source, destination.parent):
        make_folder(destination.parent)
        placed = _hand_over_one(source, destination)
        reach("intake.original_handed_over")
        beside = _hand_over_beside(sidecar, sidecar_beside(placed))
        below = _hand_over_beside(companion, companion_beside(placed, companion)) if companion else None
        return Taken(placed, beside, below)


def write_error_note(destination: Path, text: str) -> Path:
    """Write beside a failed original what happened and what to do now; return where. Raises CannotMove.

    A file of that name that is no such note, but perhaps an original, is left alone: the note gets another name.
    """
    note = error_note(destination)
    with told(note, note.parent):
        if stands(note) and not _is_note(note):
            note = note.with_name(files.free_name(note.parent, note.name))
        files.write_whole(note, text.encode("utf-8"))
        told_of = (destination, sidecar_beside(destination))
        share(note, place=note.parent, made_of=[path for path in told_of if stands(path)])
    return note


def remove_error_note(destination: Path) -> None:
    """Remove the note beside an original that is tried again."""
    note = error_note(destination)
    if stands(note) and _is_note(note):
        remove(note)


def error_note(destination: Path) -> Path:
    """Return where the note about an original lies."""
    return _beside(destination, NOTE_SUFFIX)


def sidecar_beside(original: Path) -> Path:
    """Return where the job options of an original lie, or would lie, beside it."""
    return _beside(original, SIDECAR_SUFFIX)


def companion_beside(film: Path, companion: Path) -> Path:
    """Return where the subtitle of a film lies, or would lie, beside it."""
    return film.with_name(companion_name(film.name, companion.name))


def _is_note(path: Path) -> bool:
    """Return whether a file is a note that was written beside an original, by its first lines."""
    if path.is_symlink():
        return False
    with path.open("rb") as reader:
        return _FIRST_LINES.match(reader.read(2000)) is not None


def _absent(path: Path, expected: Identity) -> Absent | None:
    try:
        found = identity(path)
    except (FileNotFoundError, NotADirectoryError):
        return VANISHED
    if found != expected:
        return CHANGED
    if still_written(path):
        raise still_written_error(path)
    return None


def _remove_leftover(path: Path, source: Path, expected: Identity) -> None:
    """Remove the original after a move across file systems that was cut off between copy and removal.

    Left in the inbox, it would be done a second time once the job has ended.
    """
    if not stands(path) or identity(path) != expected:
        return
    if is_copy(path, source):
        remove_copied(path, source)
        files.fsync_dir(path.parent)


def _bring_sidecar(sidecar: Path | None, source: Path) -> Path | None:
    if sidecar is None:
        return None
    target = sidecar_beside(source)
    if stands(sidecar) and not stands(target):
        move(sidecar, target)
    reach("intake.sidecar_moved")
    return target if stands(target) else None


def _bring_companion(companion: Path | None, source: Path) -> Path | None:
    if companion is None:
        return None
    target = companion_beside(source, companion)
    if stands(companion) and not stands(target):
        move(companion, target)
    elif stands(companion) and is_copy(companion, target):
        remove_copied(companion, target)  # left in the inbox, it would be taken for another drop
        files.fsync_dir(companion.parent)
    reach("intake.companion_moved")
    return target if stands(target) else None


def _hand_over_beside(source: Path | None, destination: Path) -> Path | None:
    if source is None:
        return None
    placed = _hand_over_one(source, destination)
    reach("intake.beside_handed_over")
    return placed if stands(placed) else None


def _hand_over_one(source: Path, destination: Path) -> Path:
    if not stands(source):
        return destination
    disarm(source)
    if not stands(destination):
        move(source, destination)
    elif same_content(source, destination):  # copied across file systems, and cut off before the removal
        remove_copied(source, destination)
    else:  # somebody put another file there after the name was chosen
        destination = destination.with_name(files.free_name(destination.parent, destination.name, room=NOTE_ROOM))
        move(source, destination)
    return destination


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(files.numbered(path.name, 1, room=len(suffix)) + suffix)
