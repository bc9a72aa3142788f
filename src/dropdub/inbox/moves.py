"""Moving originals: from the inbox into a job's work folder, and from there to archive/ or failed/.

Each move is intent first: the caller has recorded what goes where before it calls. So each function can be called
again after a crash at any instruction, and finds from what is on disk how far it got: the original is always whole
in one of the two places, in both only between the copy and the removal of a move across file systems.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from dropdub.errors import NotAFile, UnreadableFile
from dropdub.failpoints import reach
from dropdub.files import durable
from dropdub.files.copying import copy_whole
from dropdub.files.held import read_regular
from dropdub.files.privacy import disarm, share
from dropdub.files.removal import remove, remove_copied, remove_copied_parts
from dropdub.inbox.beside import NOTE_ROOM, companion_beside, error_note, sidecar_beside
from dropdub.inbox.free_space import Room
from dropdub.inbox.move_file import make_folder, move, same_content, stands, told
from dropdub.inbox.recorded_files import VANISHED, Absent, Taken, Wanted
from dropdub.inbox.taking import take

_FIRST_LINES = re.compile(rb"[^\n]+: (failed|cancelled)\r?\n\r?\n")


def bring_in(wanted: Wanted, source_dir: Path) -> Taken | Absent:
    """Do or finish what was recorded: move a dropped file, or copy a given one, into `source_dir`.

    Raises CannotMove or StillWritten when it is to be tried again later, NotAFile or UnreadableFile for a given one,
    BadSidecar for what lies beside a retried one and is not its owner's.
    """
    with told(wanted.path, source_dir):
        make_folder(source_dir)
        if wanted.expected is None:
            return give(wanted.path, source_dir, wanted.name, room=wanted.room)
        return take(wanted, source_dir, wanted.expected)


def give(path: Path, source_dir: Path, name: str, *, room: Room) -> Taken | Absent:
    """Copy a file that was named by its user; the original is left alone.

    Raises NotAFile, UnreadableFile, TooLarge, and CannotMove where there is no room.
    """
    source = source_dir / name
    if stands(source):
        return Taken(source)
    if not path.exists():
        return VANISHED
    if not path.is_file():
        raise NotAFile(f"{path} is not a file.", remedy="Name a recording or a text.")
    if not os.access(path, os.R_OK):
        raise UnreadableFile(f"{path} cannot be read by the account that runs Dropdub.")
    remove_copied_parts(source, path)
    room.refuse(name, path.stat().st_size, source_dir)
    copy_whole(path, source)
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
            note = note.with_name(durable.free_name(note.parent, note.name))
        durable.write_whole(note, text.encode("utf-8"))
        told_of = (destination, sidecar_beside(destination))
        share(note, place=note.parent, made_of=[path for path in told_of if stands(path)])
    return note


def remove_error_note(destination: Path) -> None:
    """Remove the note beside an original that is tried again."""
    note = error_note(destination)
    if stands(note) and _is_note(note):
        remove(note)


def _is_note(path: Path) -> bool:
    """Return whether a file is a note that was written beside an original, by its first lines."""
    try:
        with read_regular(path) as reader:
            return _FIRST_LINES.match(reader.read(2000)) is not None
    except OSError:
        return False


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
        destination = destination.with_name(durable.free_name(destination.parent, destination.name, room=NOTE_ROOM))
        move(source, destination)
    return destination
