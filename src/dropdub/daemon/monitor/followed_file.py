"""Find and read the file that a monitor follows: through renames, truncation, and editors that replace it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from dropdub.daemon.monitor.tail import MARK_BYTES, MOST_BYTES, Held, continues, end_of, mark_of
from dropdub.files.durable import is_folder
from dropdub.files.held import read_regular
from dropdub.files.ownership import others_may_write
from dropdub.store.transitions import ReadUpTo

SETTLE_S = 2.0
"""A file that has become another one is believed after this time: editors empty a file before they write it again, and
a program may write to a log for a moment after it was renamed."""
MOST_NEIGHBOURS = 10_000
"""Files in the folder that are looked at to find one that was renamed."""
_BACKUP = re.compile(r".*(~|\.bak|\.old|\.orig)", re.DOTALL | re.IGNORECASE)
"""How editors name the text as it was before they wrote it again."""
_LONGEST_COUNTER = 3


@dataclass(frozen=True)
class Look:
    """What was found: where reading continues, what the file holds there, and whether nothing will be added to it.

    `then`: where to continue after everything in a file that is over; None for one that is not.
    """

    read: ReadUpTo
    held: Held
    then: ReadUpTo | None = None


@dataclass
class Doubt:
    """Since when something has been so. Times are monotonic seconds."""

    what: object = None
    since: float = 0.0

    def lasts(self, what: object, now: float, seconds: float) -> bool:
        """Return whether this has been so for some seconds, without anything else in between."""
        if what != self.what:
            self.what, self.since = what, now
        return now - self.since >= seconds


class FollowedFile:
    """The file of one monitor. Except on Windows, where that would keep others from renaming it, it stays open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._doubt = Doubt()
        self._kept: BinaryIO | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Whether it will be certain in a moment that another file is to be read."""
        return self._doubt.what is not None

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def begin(self, *, from_end: bool, lines: int) -> ReadUpTo | None:
        """Return where reading begins; None if that is unknown, because the file's folder is not there.

        A file that appears later is read from its beginning. Raises OSError.
        """
        reader = _opened(self._path)
        if reader is None:
            return ReadUpTo(str(self._path), lines=lines) if is_folder(self._path.parent) else None
        with reader:
            first = held_by(reader, 0)
            if not from_end:
                return ReadUpTo(str(self._path), first.identity, lines=lines)
            offset, encoding = end_of(first.after, first.size)
            mark = mark_of(held_by(reader, offset).before)
            return ReadUpTo(str(self._path), first.identity, offset, mark, encoding, lines)

    def look(self, read: ReadUpTo, now: float) -> Look | None:
        """Return what is to be read next; None if there is nothing now, or if that is not certain yet.

        Raises OSError.
        """
        reader = _opened(self._path)
        if reader is None:
            return self._look_for_old(read, None, now)
        held = held_by(reader, read.offset)
        if read.identity not in ("", held.identity):
            reader.close()
            return self._look_for_old(read, held, now)
        self._keep(reader)
        if not continues(read, held):
            return self._begins_again(read, held, now, path=self._path)
        self._doubt = Doubt()
        return Look(read, held)

    def _look_for_old(self, read: ReadUpTo, new: Held | None, now: float) -> Look | None:
        """Look for the file that was read, which no longer has its name; `new` is what has its name now."""
        found = self._renamed(read) if read.identity else None
        is_rotated = found is not None and _BACKUP.fullmatch(found.name) is None
        if new is not None and not is_rotated and read.offset and continues(read, new):
            return Look(read, new)  # an editor replaced it
        old = self._old(read, found)
        if old is not None and continues(read, old):
            return self._to_its_end(read, old, self._successor(read, found, new), now)
        if old is not None and found is not None and _rotation(self._path, found.name):
            return self._begins_again(read, old, now, path=found)  # truncated before it was renamed
        if new is not None:
            return self._begins_again(read, new, now, path=self._path)
        self._doubt = Doubt()
        return None

    def _to_its_end(self, read: ReadUpTo, old: Held, then: ReadUpTo | None, now: float) -> Look:
        """Return what a renamed file holds; it is over if another one is there and nothing was added lately."""
        if then is None:
            self._doubt = Doubt()
            return Look(read, old)
        is_over = self._doubt.lasts(("over", read.identity, old.size), now, SETTLE_S)
        return Look(read, old, then if is_over else None)

    def _old(self, read: ReadUpTo, found: Path | None) -> Held | None:
        """Return what the file that was read holds, under its new name or, if it has none, as it was opened."""
        reader = _opened(found) if found is not None else None
        try:
            source = reader or self._kept
            old = held_by(source, read.offset) if source is not None else None
        finally:
            if reader is not None:
                reader.close()
        return old if old is not None and old.identity == read.identity else None

    def _begins_again(self, read: ReadUpTo, new: Held, now: float, *, path: Path) -> Look | None:
        """Return the beginning of a file that is not what was read, once that is certain."""
        if not self._doubt.lasts(("again", new.identity), now, SETTLE_S):
            return None
        with _opened(path) or contextlib.nullcontext() as reader:
            held = held_by(reader, 0) if reader is not None else None
        return Look(ReadUpTo(read.path, held.identity, lines=read.lines), held) if held is not None else None

    def _successor(self, read: ReadUpTo, found: Path | None, new: Held | None) -> ReadUpTo | None:
        """Return the beginning of the file that follows one that was renamed; None if there is none yet."""
        after = _next_rotated(self._path, found) if found is not None else None
        if after is not None and (reader := _opened(after)) is not None:
            with reader:
                return ReadUpTo(read.path, held_by(reader, 0).identity, lines=read.lines)
        return ReadUpTo(read.path, new.identity, lines=read.lines) if new is not None else None

    def _renamed(self, read: ReadUpTo) -> Path | None:
        """Return the file that was read, under another name in the same folder; None if it is not there."""
        if not is_folder(self._path.parent):
            return None
        device, _, inode = read.identity.partition(":")
        with os.scandir(self._path.parent) as entries:
            for entry in islice(entries, MOST_NEIGHBOURS):
                if str(entry.inode()) == inode and entry.name != self._path.name and _is_on(entry.path, device, inode):
                    return Path(entry.path)
        return None

    def _keep(self, reader: BinaryIO) -> None:
        if sys.platform == "win32":
            reader.close()
        else:
            self.close()
            self._kept = reader


def _is_on(path: str, device: str, inode: str) -> bool:
    """Return whether a path is this file; not if it has just been renamed again: the next look finds it."""
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return False
    return (str(info.st_dev), str(info.st_ino)) == (device, inode)


def held_by(reader: BinaryIO, offset: int) -> Held:
    """Return what an open file holds around a place. Raises OSError."""
    info = os.fstat(reader.fileno())
    start = max(0, offset - MARK_BYTES)
    data = _bytes_from(reader.fileno(), start, offset - start + MOST_BYTES)
    before = data[: offset - start]
    return Held(f"{info.st_dev}:{info.st_ino}", info.st_size, before, data[len(before) :])


def _bytes_from(fd: int, start: int, most: int) -> bytes:
    """Return bytes as they are in the file now: a reader with a buffer could return earlier ones."""
    os.lseek(fd, start, os.SEEK_SET)
    blocks: list[bytes] = []
    while most and (block := os.read(fd, most)):
        blocks.append(block)
        most -= len(block)
    return b"".join(blocks)


def _opened(path: Path) -> BinaryIO | None:
    """Open a file, through a link only if nobody else could have made it; return None if there is none.

    Raises OSError.
    """
    try:
        return read_regular(path, follow=not others_may_write(path.parent))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _next_rotated(path: Path, found: Path) -> Path | None:
    """Return the file that was rotated after `found`; None if that was the last one, or not rotated like others.

    A counter (`log.2`, `log.1`) counts down to the newest, dates (`log-20261128`) go up.
    """
    suffix = _rotation(path, found.name)
    if suffix is None:
        return None
    if suffix.isdecimal() and len(suffix) <= _LONGEST_COUNTER:
        stem = found.name.removesuffix(suffix)
        newer = (found.with_name(f"{stem}{number}") for number in range(int(suffix) - 1, -1, -1))
        return next((one for one in newer if one.is_file()), None)
    dated = (one for one in path.parent.iterdir() if len(_rotation(path, one.name) or "") > _LONGEST_COUNTER)
    return min((one for one in dated if one.name > found.name), default=None)


def _rotation(path: Path, name: str) -> str | None:
    """Return the counter or date that was added to the file's name; None if the name is another one."""
    added = re.fullmatch(r"[.\-_](\d[\d\-_.:T]*)", name.removeprefix(path.name)) if name.startswith(path.name) else None
    return added[1] if added else None
