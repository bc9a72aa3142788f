"""From a folder that others may write to into one of our own: what comes is what was seen, and nobody else's."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import BinaryIO

from dropdub.errors import NotAFile, OriginalKept
from dropdub.files import durable
from dropdub.files.copying import copied_part
from dropdub.files.held import HeldFolder
from dropdub.files.privacy import stays_armed
from dropdub.files.removal import holds_taken, remove_cut_off, remove_outgrown, remove_taken
from dropdub.inbox.free_space import Room
from dropdub.inbox.identity import Identity
from dropdub.inbox.move_file import SHARING_WINERRORS, still_written_error


class Exchanged(Exception):
    """Something is not the file that was seen."""


@dataclass(frozen=True)
class Passage:
    """The way from one held folder to another."""

    folder: HeldFolder
    goal: HeldFolder
    room: Room

    def bring(self, name: str, new_name: str, seen: Identity | None) -> bool:
        """Move an entry by a rename, or else by a copy of what was seen; return whether it was copied."""
        try:
            durable.rename_held(self.folder, name, self.goal, new_name)
        except FileNotFoundError:
            raise Exchanged from None
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy(name, new_name, seen)
            self._remove_copied(name, new_name)
            return True
        return False

    def _copy(self, name: str, new_name: str, seen: Identity | None) -> None:
        found = self.folder.look(name)
        if seen is not None and Identity.of_stat(found) != seen:
            raise Exchanged
        if stat.S_ISLNK(found.st_mode):
            (self.goal.path / new_name).symlink_to(self.folder.readlink(name))
            self.goal.flush()
            return
        remove_cut_off(self.goal.path / new_name, self.folder, name)
        try:
            reader = self.folder.read(name)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.ENOENT):
                raise
            raise Exchanged from error
        with reader:
            if seen is not None and Identity.of_stat(os.fstat(reader.fileno())) != seen:
                raise Exchanged
            part = self._part(reader, self.folder, name, new_name)
        durable.rename_held(self.goal, part, self.goal, new_name)

    def _part(self, reader: BinaryIO, folder: HeldFolder, name: str, new_name: str) -> str:
        """Copy an open file; what an error leaves of the copy is removed. Raises TooLarge, and CannotMove."""
        self.room.refuse(new_name, os.fstat(reader.fileno()).st_size, self.goal.path)
        try:
            return copied_part(reader, self.goal, new_name)[0]
        except BaseException:
            remove_cut_off(self.goal.path / new_name, folder, name)
            raise

    def _remove_copied(self, name: str, new_name: str) -> None:
        """Remove what was copied; raise StillWritten, with the copy taken back, if it has grown meanwhile.

        If it holds something else by now, both stay: what was copied, and what is a new file.
        """
        copy = self.goal.path / new_name
        try:
            remove_taken(self.folder, name, copy)
        except FileNotFoundError:  # its owner has taken it away
            return
        except OriginalKept:
            with suppress(OriginalKept, OSError):
                remove_outgrown(copy, self.folder, name)
                raise still_written_error(self.folder.path / name) from None
        self.folder.flush()

    def remove_leftover(self, name: str, new_name: str, seen: Identity | None) -> None:
        """Remove the original after a move across file systems that was cut off between copy and removal.

        Left in the inbox, it would be done a second time once the job has ended.
        """
        if not self.folder.stands(name):
            return
        found, copy = self.folder.look(name), self.goal.look(new_name)
        is_it = seen is None or Identity.of_stat(found) == seen
        if not is_it or found.st_dev == copy.st_dev or found.st_size != copy.st_size:
            return
        if holds_taken(self.goal.path / new_name, self.folder, name):
            remove_taken(self.folder, name, self.goal.path / new_name)
            self.folder.flush()

    def make_private(self, new_name: str, *, beside: str | None = None) -> None:
        """Put a copy in the place of a file that has other names, through which it could be changed meanwhile.

        And of one that another account made a program of, where that right cannot be taken from it; `beside`: what it
        goes with, of which it stays the owner's. Of these, one that cannot be read is left as it is.
        """
        found = self.goal.look(new_name)
        has_names = found.st_nlink > 1
        if not stat.S_ISREG(found.st_mode) or not (has_names or self._is_to_be_owned(found, beside)):
            return
        remove_cut_off(self.goal.path / new_name, self.goal, new_name)
        try:
            reader = self.goal.read(new_name)
        except PermissionError:
            if has_names:
                raise
            return
        with reader:
            part = self._part(reader, self.goal, new_name, new_name)
            if Identity.of_stat(os.fstat(reader.fileno())) != Identity.of_stat(found):
                with suppress(OriginalKept, OSError):
                    remove_outgrown(self.goal.path / part, self.goal, new_name)
                raise Exchanged
        durable.rename_held(self.goal, part, self.goal, new_name, replace=True)

    def _is_to_be_owned(self, found: os.stat_result, beside: str | None) -> bool:
        """Say no on a file system whose files belong to somebody once and for all: a copy would be no other."""
        if is_own(found) or not is_own(self.goal.own()):
            return False
        return stays_armed(found) or (beside is not None and is_own(self.goal.look(beside)))

    def put_back(self, new_name: str, name: str) -> None:
        """Bring a file back to where it lay, under another name if that has been given to something new.

        Raises NotAFile where that cannot be: it stays then, for the job's ending to hand over.
        """
        try:
            try:
                _rename_free(self.goal, new_name, self.folder, name)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._copy_back(new_name, name)
        except OSError as error:
            if getattr(error, "winerror", None) in SHARING_WINERRORS:
                raise
            raise NotAFile(
                f"{name}, or what goes with it, was exchanged for something else while it was taken, and it cannot be "
                f"put back into {self.folder.path}: {error.strerror}.",
                remedy="See that it is whole, then: `dropdub retry JOB`.",
            ) from error

    def _copy_back(self, new_name: str, name: str) -> None:
        if stat.S_ISLNK(self.goal.look(new_name).st_mode):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        with self.goal.read(new_name) as reader:
            self.room.refuse(new_name, os.fstat(reader.fileno()).st_size, self.folder.path)
            part, _ = copied_part(reader, self.folder, name)
        placed = _rename_free(self.folder, part, self.folder, name)
        remove_taken(self.goal, new_name, self.folder.through(placed))
        self.goal.flush()


def _rename_free(folder: HeldFolder, name: str, target: HeldFolder, wanted: str) -> str:
    """Rename an entry to the first of `wanted`, `wanted (2)` … that is free; return it."""
    for number in count(1):
        free = durable.numbered(wanted, number)
        with suppress(FileExistsError):
            durable.rename_held(folder, name, target, free)
            return free
    raise AssertionError("numbers do not end")


def compare(goal: HeldFolder, name: str, seen: Identity) -> None:
    """Raise Exchanged unless a file in the source folder is the one that was seen, or a copy that was made of it.

    A copy is on another disk than what it was made of, or this account's own.
    """
    found = goal.look(name)
    there = Identity.of_stat(found)
    is_copied = there.device != seen.device or (
        (there.size, there.mtime_ns) == (seen.size, seen.mtime_ns) and is_own(found)
    )
    if there != seen and not is_copied:
        raise Exchanged


def is_own(info: os.stat_result) -> bool:
    """Return whether a file belongs to this account; on Windows that is not looked at."""
    return sys.platform != "win32" and info.st_uid == os.geteuid()
