"""Move originals: from the inbox into a job's work folder, and from there to archive/ or failed/.

Callers record each move before they call. So each function can be called again after a crash at any instruction, and
finds out from the disk how far it got: the original is always complete in at least one of the two places, and in both
only between the copy and the removal of a move across file systems.
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
from dropdub.files.removal import remove, remove_copied, remove_copied_hidden, remove_copied_parts
from dropdub.inbox.free_space import Room
from dropdub.inbox.move_file import lexists, make_folder, move, move_errors, same_content
from dropdub.inbox.recorded_files import VANISHED, Absent, Taken, Wanted
from dropdub.inbox.side_files import NOTE_ROOM, companion_beside, error_note, sidecar_beside
from dropdub.inbox.taking import take

_FIRST_LINES = re.compile(rb"[^\n]+: (failed|cancelled)\r?\n\r?\n")


def bring_in(wanted: Wanted, source_dir: Path) -> Taken | Absent:
    """Start or finish a recorded intake: move a dropped file, or copy a file named by a user, into `source_dir`.

    Raises CannotMove or StillWritten if it should be retried later, TooLarge, NotAFile, UnreadableFile for a named
    file, and BadSidecar if a file next to a retried one belongs to another owner.
    """
    with move_errors(wanted.path, source_dir):
        make_folder(source_dir)
        if wanted.expected is None:
            return _copy_named_file(wanted.path, source_dir, wanted.name, room=wanted.room)
        return take(wanted, source_dir, wanted.expected)


def _copy_named_file(path: Path, source_dir: Path, name: str, *, room: Room) -> Taken | Absent:
    """Copy a file that a user named; the original is left unchanged.

    Raises NotAFile, UnreadableFile, TooLarge, and CannotMove if there is no room.
    """
    source = source_dir / name
    if lexists(source):
        return Taken(source)
    if not path.exists():
        return VANISHED
    if not path.is_file():
        raise NotAFile(f"{path} is not a file.", remedy="Name a recording or a text file.")
    if not os.access(path, os.R_OK):
        raise UnreadableFile(f"{path} cannot be read by the account that runs Dropdub.")
    remove_copied_parts(source, path)
    room.refuse(name, path.stat().st_size, source_dir)
    copy_whole(path, source)
    return Taken(source)


def hand_over(source: Path, sidecar: Path | None, destination: Path, *, companion: Path | None = None) -> Taken:
    """Move an original and the files that belong to it to `destination`, in archive/ or failed/; replace nothing.

    If neither `source` nor `destination` exists, somebody removed the original; the result is the same.
    Raises CannotMove if it should be retried later.
    """
    with move_errors(source, destination.parent):
        make_folder(destination.parent)
        placed = _move_one(source, destination)
        reach("intake.original_handed_over")
        beside = _move_beside(sidecar, sidecar_beside(placed))
        below = _move_beside(companion, companion_beside(placed, companion)) if companion else None
        return Taken(placed, beside, below)


def write_error_note(destination: Path, text: str) -> Path:
    """Write a note next to a failed original: what happened and what to do; return its path. Raises CannotMove.

    If the name is taken by a file that is not such a note, perhaps an original, the note gets another name.
    """
    note = error_note(destination)
    with move_errors(note, note.parent):
        if lexists(note) and not _is_note(note):
            note = note.with_name(durable.free_name(note.parent, note.name))
        durable.write_whole(note, text.encode("utf-8"))
        subjects = (destination, sidecar_beside(destination))
        share(note, place=note.parent, made_of=[path for path in subjects if lexists(path)])
    return note


def remove_error_note(destination: Path) -> None:
    """Remove the note next to an original that is retried."""
    note = error_note(destination)
    if lexists(note) and _is_note(note):
        remove(note)


def _is_note(path: Path) -> bool:
    """Return whether a file is a note that Dropdub wrote, judging by its first lines."""
    try:
        with read_regular(path) as reader:
            return _FIRST_LINES.match(reader.read(2000)) is not None
    except OSError:
        return False


def _move_beside(source: Path | None, destination: Path) -> Path | None:
    if source is None:
        return None
    placed = _move_one(source, destination)
    reach("intake.beside_handed_over")
    return placed if lexists(placed) else None


def _move_one(source: Path, destination: Path) -> Path:
    if not lexists(source):
        remove_copied_hidden(source, destination)
        return destination
    disarm(source)
    if not lexists(destination):
        move(source, destination)
    elif same_content(source, destination):  # interrupted between copy and removal of a move across file systems
        remove_copied(source, destination)
    else:  # somebody created another file there after the name was chosen
        destination = destination.with_name(durable.free_name(destination.parent, destination.name, room=NOTE_ROOM))
        move(source, destination)
    return destination
