"""Move files from a folder that others may write to into one of our own, without taking a substituted file."""

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
from dropdub.files.removal import holds_taken, remove_cut_off, remove_hidden, remove_outgrown, remove_taken
from dropdub.inbox.file_identity import Identity
from dropdub.inbox.free_space import Room
from dropdub.inbox.move_file import SHARING_WINERRORS, still_written_error


class Replaced(Exception):
    """A file is not the one that was examined before."""


@dataclass(frozen=True)
class Passage:
    """Moves files from one held folder to another."""

    folder: HeldFolder
    goal: HeldFolder
    room: Room

    def bring(self, name: str, new_name: str, seen: Identity | None) -> bool:
        """Move an entry by a rename, or across file systems by a copy; return whether it was copied.

        Raises Replaced if it is not the file `seen`, StillWritten, TooLarge and CannotMove.
        """
        try:
            durable.rename_held(self.folder, name, self.goal, new_name)
        except FileNotFoundError:
            raise Replaced from None
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
            raise Replaced
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
            raise Replaced from error
        with reader:
            if seen is not None and Identity.of_stat(os.fstat(reader.fileno())) != seen:
                raise Replaced
            part = self._part(reader, self.folder, name, new_name)
        durable.rename_held(self.goal, part, self.goal, new_name)

    def _part(self, reader: BinaryIO, folder: HeldFolder, name: str, new_name: str) -> str:
        """Copy an open file; remove the partial copy after an error. Raises TooLarge and CannotMove."""
        self.room.refuse(new_name, os.fstat(reader.fileno()).st_size, self.goal.path)
        try:
            return copied_part(reader, self.goal, new_name)[0]
        except BaseException:
            remove_cut_off(self.goal.path / new_name, folder, name)
            raise

    def _remove_copied(self, name: str, new_name: str) -> None:
        """Remove a file that was copied; if it has grown since, remove the copy and raise StillWritten.

        If its content was replaced meanwhile, both stay: the copy, and the source as a new file.
        """
        copy = self.goal.path / new_name
        try:
            remove_taken(self.folder, name, copy)
        except FileNotFoundError:  # its owner has removed it
            return
        except OriginalKept:
            with suppress(OriginalKept, OSError):
                remove_outgrown(copy, self.folder, name)
                raise still_written_error(self.folder.path / name) from None
        self.folder.flush()

    def remove_leftover(self, name: str, new_name: str, seen: Identity | None, *, is_resumed: bool) -> None:
        """Remove the original after a move across file systems that was interrupted before or during its removal.

        If it stayed in the inbox, it would be processed again after the job has ended.
        """
        if is_resumed:
            remove_hidden(self.folder, name, self.goal.path / new_name)
        if not self.folder.has(name):
            return
        found, copy = self.folder.look(name), self.goal.look(new_name)
        is_it = seen is None or Identity.of_stat(found) == seen
        if not is_it or found.st_dev == copy.st_dev or found.st_size != copy.st_size:
            return
        if holds_taken(self.goal.path / new_name, self.folder, name):
            remove_taken(self.folder, name, self.goal.path / new_name)
            self.folder.flush()

    def make_private(self, new_name: str, *, beside: str | None = None) -> None:
        """Replace a file by a copy if others could still change or run it.

        That is a file with other hard links, or another account's executable whose permissions this account cannot
        change; the latter is left as it is if it cannot be read. `beside`: the file that this one belongs to; if that
        is this account's own, this one is replaced by a copy too. Raises Replaced, TooLarge and CannotMove.
        """
        found = self.goal.look(new_name)
        has_other_links = found.st_nlink > 1
        if not stat.S_ISREG(found.st_mode) or not (has_other_links or self._must_be_owned(found, beside)):
            return
        remove_cut_off(self.goal.path / new_name, self.goal, new_name)
        try:
            reader = self.goal.read(new_name)
        except PermissionError:
            if has_other_links:
                raise
            return
        with reader:
            part = self._part(reader, self.goal, new_name, new_name)
            if Identity.of_stat(os.fstat(reader.fileno())) != Identity.of_stat(found):
                with suppress(OriginalKept, OSError):
                    remove_outgrown(self.goal.path / part, self.goal, new_name)
                raise Replaced
        durable.rename_held(self.goal, part, self.goal, new_name, replace=True)

    def _must_be_owned(self, found: os.stat_result, beside: str | None) -> bool:
        """Return whether this account must own a file; False if a copy would not change that."""
        if is_own(found) or not is_own(self.goal.own()):
            return False
        return stays_armed(found) or (beside is not None and is_own(self.goal.look(beside)))

    def put_back(self, new_name: str, name: str) -> None:
        """Move a file back to the folder it came from, under another name if its own is taken now.

        Raises NotAFile if that is impossible: the file then stays until the job's ending moves it.
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
                f"{name}, or a file that belongs to it, was replaced by another file while it was picked up. It "
                f"cannot be moved back to {self.folder.path}: {error.strerror}.",
                remedy="Check that the file is complete, then run: `dropdub retry JOB`.",
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
    """Rename an entry to the first free name of `wanted`, `wanted (2)` …; return that name."""
    for number in count(1):
        free = durable.numbered(wanted, number)
        with suppress(FileExistsError):
            durable.rename_held(folder, name, target, free)
            return free
    raise AssertionError("unreachable: count() is endless")


def compare(goal: HeldFolder, name: str, seen: Identity) -> None:
    """Raise Replaced unless a file in the source folder is the one that was seen, or a copy of it.

    A copy is on another disk than its original, or belongs to this account.
    """
    found = goal.look(name)
    there = Identity.of_stat(found)
    is_copied = there.device != seen.device or (
        (there.size, there.mtime_ns) == (seen.size, seen.mtime_ns) and is_own(found)
    )
    if there != seen and not is_copied:
        raise Replaced


def is_own(info: os.stat_result) -> bool:
    """Return whether a file belongs to this account; always False on Windows, where that is not checked."""
    return sys.platform != "win32" and info.st_uid == os.geteuid()
