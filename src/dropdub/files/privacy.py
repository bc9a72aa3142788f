"""Who may read what Dropdub makes: its own account, and of what is published, who may read what it was made of.

On Windows nothing is set: files and folders inherit the rules of the folder that they are made in.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_FOR_OTHERS = 0o077
_GROUP_READS = 0o050
_OTHERS_READ = 0o005


if sys.platform == "win32":

    def keep_private() -> None:
        """Do nothing."""

    @contextlib.contextmanager
    def private_files() -> Iterator[None]:
        """Do nothing before and after."""
        yield

    def make_private(path: Path) -> None:
        """Do nothing."""

    def share(path: Path, *, place: Path, made_of: Sequence[Path] = ()) -> None:
        """Do nothing."""

    def share_open(handle: int, *, place: Path, made_of: Sequence[Path] = (), owner: str | None = None) -> None:
        """Do nothing."""

    def may_be_given_away(original: Path) -> bool:
        """Return False."""
        return False

    def disarm(path: Path) -> None:
        """Do nothing: what is a program, its suffix says."""

    def stays_armed(info: os.stat_result) -> bool:
        """Return False."""
        return False

else:

    def keep_private() -> int:
        """Let what this process and its children make from now on be its account's alone; return the umask before."""
        before = os.umask(_FOR_OTHERS)
        os.umask(before | _FOR_OTHERS)
        return before

    @contextlib.contextmanager
    def private_files() -> Iterator[None]:
        """Let what is made meanwhile be this account's alone."""
        before = keep_private()
        try:
            yield
        finally:
            os.umask(before)

    def make_private(path: Path) -> None:
        """Take a file or folder of this account from all others; one that is not there, or not ours, is left alone."""
        with contextlib.suppress(OSError), _opened(path) as handle:
            info = os.fstat(handle)
            if info.st_uid == os.geteuid() and info.st_mode & _FOR_OTHERS:
                os.fchmod(handle, stat.S_IMODE(info.st_mode) & ~_FOR_OTHERS)

    def share(path: Path, *, place: Path, made_of: Sequence[Path] = ()) -> None:
        """Do as `share_open` for a file in a folder that nobody else can change."""
        with contextlib.suppress(OSError), _opened(path) as handle:
            share_open(handle, place=place, made_of=made_of)

    def share_open(handle: int, *, place: Path, made_of: Sequence[Path] = (), owner: str | None = None) -> None:
        """Let those read what was made who may read both the folder `place`, where it stands, and all of `made_of`.

        `handle`: the open file or folder. It gets the group of what it was made of, and as root the owner, too; where
        that is not permitted, the group reads it only if everybody may. `owner`: whose the original was, if known; a
        copy of it is another's. What others may read already is left alone, and a file system without modes as well.
        """
        with contextlib.suppress(OSError):
            made = os.fstat(handle)
            if made.st_uid != os.geteuid() or made.st_mode & _FOR_OTHERS:
                return
            folder, sources = place.stat(), [one.lstat() for one in made_of]
            is_owned = all(owner in (None, str(one.st_uid)) for one in sources)
            whose = {(one.st_uid, one.st_gid) for one in sources} if is_owned else set()
            if not sources:
                whose = {(made.st_uid, folder.st_gid)}
            is_theirs = len(whose) == 1 and _given(handle, *whose.pop())
            for_all = _may_enter(folder, _OTHERS_READ) and all(one.st_mode & stat.S_IROTH for one in sources)
            for_group = _may_enter(folder, _GROUP_READS) and all(one.st_mode & stat.S_IRGRP for one in sources)
            readers = _OTHERS_READ * for_all | _GROUP_READS * (for_group and (is_theirs or for_all))
            readers &= 0o055 if stat.S_ISDIR(made.st_mode) else 0o044
            _add_rights(handle, stat.S_IMODE(made.st_mode), readers)

    def may_be_given_away(original: Path) -> bool:
        """Return whether what is made of a file is given to its owner, another account: as root it is."""
        with contextlib.suppress(OSError):
            return os.geteuid() == 0 != original.lstat().st_uid
        return False

    def disarm(path: Path) -> None:
        """Take the right to be run from a file: an original that waits in archive/ or failed/ is no program.

        A second name for a file of root's is left alone: it is a program somewhere else.
        """
        with contextlib.suppress(OSError), _opened(path) as handle:
            info = os.fstat(handle)
            is_elsewhere = info.st_nlink > 1 and info.st_uid == 0
            if stat.S_ISREG(info.st_mode) and stat.S_IMODE(info.st_mode) & ~0o666 and not is_elsewhere:
                os.fchmod(handle, stat.S_IMODE(info.st_mode) & 0o666)

    def stays_armed(info: os.stat_result) -> bool:
        """Return whether `disarm` cannot take the right to be run from a file, since it is another account's."""
        return bool(stat.S_IMODE(info.st_mode) & ~0o666) and info.st_uid != os.geteuid() != 0

    def _add_rights(handle: int, mode: int, readers: int) -> None:
        """Let others read, too; where nothing may be made setgid, as in the service, a folder that was loses that."""
        try:
            os.fchmod(handle, mode | readers)
        except PermissionError:
            os.fchmod(handle, mode & 0o777 | readers)

    def _may_enter(folder: os.stat_result, bits: int) -> bool:
        return folder.st_mode & bits == bits

    @contextlib.contextmanager
    def _opened(path: Path) -> Iterator[int]:
        """Open a file or folder itself, never what a link leads to, and never wait for it."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield handle
        finally:
            os.close(handle)

    def _given(handle: int, user: int, group: int) -> bool:
        """Give it to a group, and as root to its owner; return whether the group is the one wanted."""
        with contextlib.suppress(OSError):
            os.fchown(handle, user if os.geteuid() == 0 else -1, group)
        return os.fstat(handle).st_gid == group
