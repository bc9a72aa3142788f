"""Folders held open: operations apply to the folder that was opened, even if its path leads elsewhere meanwhile.

The system resolves a path again at each call. Anyone who may write to a folder on the way can replace a folder with a
link between two calls, and so have a file elsewhere moved, overwritten or removed. A descriptor stays with the folder
that was opened. On Windows, nobody can rename or remove a folder while its handle is open, so its path stays valid.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from dropdub.files.renames import rename_new

if sys.platform == "win32":
    from dropdub.files import held_windows

_ALWAYS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _ALWAYS
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _ALWAYS
_CHANGE = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | _ALWAYS
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK | _ALWAYS
_CLOCK_STEP_NS = 20_000_000
"""How far a file's time may lag behind the clock: a kernel tick."""
NOT_ENTERED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""The folder does not exist, or a link or something else has its name."""


class HeldFolder:
    """An open folder; the names passed to its methods are names of its own entries."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self.handle = handle

    @staticmethod
    def open(path: Path) -> HeldFolder:
        """Hold a folder whose path is trusted."""
        if sys.platform == "win32":
            return HeldFolder(path, held_windows.hold(path))
        return HeldFolder(path, os.open(path, _FOLDER))

    def enter(self, name: str) -> HeldFolder:
        """Hold a subfolder. Raises OSError with an errno in `NOT_ENTERED` for a link and anything else but a folder."""
        if name in ("", ".", "..") or len(Path(name).parts) != 1:
            raise OSError(errno.ENOTDIR, "not the name of an entry", name)
        path = self.path / name
        if sys.platform == "win32":
            return HeldFolder(path, held_windows.hold(path, within=self.handle))
        return HeldFolder(path, os.open(name, _FOLDER | _NO_LINK, dir_fd=self.handle))

    def make(self, name: str, *, mode: int = 0o777) -> None:
        """Create a subfolder. Raises FileExistsError if the name is taken."""
        os.mkdir(self.at(name), mode, dir_fd=self.dir_fd)

    def own(self) -> os.stat_result:
        """Return the status of the folder itself."""
        return self.path.stat() if sys.platform == "win32" else os.fstat(self.handle)

    def look(self, name: str) -> os.stat_result:
        """Return the status of an entry; of a link, that of the link itself. Raises OSError."""
        return os.stat(self.at(name), dir_fd=self.dir_fd, follow_symlinks=False)

    def has(self, name: str) -> bool:
        """Return whether there is an entry with this name. Raises OSError if the system cannot tell."""
        try:
            self.look(name)
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        return os.listdir(self.path if sys.platform == "win32" else self.handle)  # noqa: PTH208  a descriptor

    def read(self, name: str) -> BinaryIO:
        """Open a regular file in this folder for reading. Raises OSError for anything else; never blocks."""
        return _opened(self.at(name), self.dir_fd, _NO_LINK)

    def create(self, name: str) -> BinaryIO:
        """Create a file that only this account can access, for reading and writing. Raises FileExistsError."""
        return os.fdopen(os.open(self.at(name), _CREATE, 0o600, dir_fd=self.dir_fd), "w+b")

    def change(self, name: str) -> BinaryIO:
        """Open a regular file in this folder for reading and writing. Raises OSError for anything else."""
        return _opened(self.at(name), self.dir_fd, _NO_LINK, flags=_CHANGE, mode="r+b")

    def readlink(self, name: str) -> Path:
        return Path(os.readlink(self.at(name), dir_fd=self.dir_fd))

    def rename(self, name: str, target: HeldFolder, new_name: str, *, replace: bool = False) -> None:
        """Rename an entry, within this folder or into another held folder.

        Raises FileExistsError if the new name is taken, unless `replace`.
        """
        one, other = self.at(name), target.at(new_name)
        if replace:
            os.replace(one, other, src_dir_fd=self.dir_fd, dst_dir_fd=target.dir_fd)
        else:
            rename_new(one, other, src_dir_fd=self.dir_fd, dst_dir_fd=target.dir_fd)

    def flush(self) -> None:
        """Flush the folder's entries to disk; does nothing on Windows, which has no such call."""
        if sys.platform != "win32":
            os.fsync(self.handle)

    def through(self, name: str) -> Path:
        """Return a path to an entry; on Linux, one that goes through this folder's descriptor."""
        opened = Path(f"/proc/self/fd/{self.handle}")
        return (opened if sys.platform == "linux" and opened.exists() else self.path) / name

    @property
    def dir_fd(self) -> int | None:
        return None if sys.platform == "win32" else self.handle

    def at(self, name: str) -> str:
        """Return the path of an entry to pass to the system together with `dir_fd`."""
        return str(self.path / name) if sys.platform == "win32" else name

    def close(self) -> None:
        if sys.platform == "win32":
            held_windows.release(self.handle)
        else:
            os.close(self.handle)

    def __enter__(self) -> HeldFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def held_output(folder: Path, allowed: Path | None = None, *, make: bool = False) -> Iterator[HeldFolder]:
    """Hold a folder for results; with `make`, create it if it is missing.

    `allowed` is the trusted folder that contains it: below that, no link is followed, and each new folder gets the
    permissions of its parent. None if the whole path is trusted. Raises OSError, with an errno in `NOT_ENTERED` for a
    link.
    """
    top = allowed or folder
    if make:
        top.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        one = stack.enter_context(HeldFolder.open(top))
        for name in folder.relative_to(top).parts:
            since_ns = time.time_ns()
            is_new = make and _is_made(one, name)
            inner = one.enter(name)
            if is_new:
                _inherit_permissions(inner, one, since_ns)
            one = _next(stack, inner)
        yield one


def _is_made(folder: HeldFolder, name: str) -> bool:
    try:
        folder.make(name)
    except FileExistsError:
        return False
    folder.flush()
    return True


def _inherit_permissions(new: HeldFolder, parent: HeldFolder, since_ns: int) -> None:
    """Give a newly created folder its parent's group and permissions; on Windows it has inherited them.

    Skips a folder that somebody has put in its place since, so that a private folder of this account stays private.
    """
    if sys.platform == "win32":
        return
    info, around = new.own(), parent.own()
    if info.st_uid != os.geteuid() or info.st_mtime_ns < since_ns - _CLOCK_STEP_NS or new.names():
        return
    mode = stat.S_IMODE(around.st_mode)
    try:
        os.fchown(new.handle, -1, around.st_gid)
    except OSError:  # the account is not in that group
        mode &= ~stat.S_IRWXG
    for allowed in (mode, mode & ~stat.S_ISGID & ~stat.S_ISUID):  # a service may not set the setgid bit
        with suppress(OSError):
            os.fchmod(new.handle, allowed)
            return


@contextmanager
def held(top: Path, *names: str) -> Iterator[HeldFolder]:
    """Hold the folder at the path `names` below `top`, which is trusted; none of the names may be a link."""
    with ExitStack() as stack:
        folder = stack.enter_context(HeldFolder.open(top))
        for name in names:
            folder = _next(stack, folder.enter(name))
        yield folder


def _next(stack: ExitStack, folder: HeldFolder) -> HeldFolder:
    """Hold a folder and release its parent: a thousand nested folders would exceed the limit of open files.

    On Windows, the parents must stay held.
    """
    if sys.platform != "win32":
        stack.close()
    return stack.enter_context(folder)


def read_regular(path: Path, *, follow: bool = False) -> BinaryIO:
    """Open a regular file for reading; with `follow`, also through a link.

    Raises OSError for anything else; never blocks.
    """
    return _opened(str(path), None, 0 if follow else _NO_LINK)


def _opened(path: str, dir_fd: int | None, no_link: int, *, flags: int = _READ, mode: str = "rb") -> BinaryIO:
    if sys.platform == "win32" and no_link == 0 and Path(path).is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    fd = os.open(path, flags | no_link, dir_fd=dir_fd)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return cast(BinaryIO, os.fdopen(fd, mode))
    except BaseException:
        os.close(fd)
        raise
