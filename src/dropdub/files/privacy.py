"""Who may read the files that Dropdub creates: its own account; published files, also those who may read the source.

On Windows, files and folders inherit the permissions of the folder in which they are created; only `restrict` sets any.
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
    import ctypes
    from ctypes import wintypes

    from dropdub.files.ownership import own_account, owner_at

    _DACL, _PROTECTED, _SDDL_1 = 0x4, 0x80000000, 1
    _advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    _advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = (
        wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p,
    )  # fmt: skip
    _advapi.SetFileSecurityW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p)
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.LocalFree.argtypes = (ctypes.c_void_p,)

    def restrict(path: Path) -> None:
        """Let only this account, the folder's owner, administrators and the system use a file.

        Raises OSError.
        """
        descriptor = ctypes.c_void_p()
        users = {own_account() or "OW", owner_at(path.parent) or "OW"}
        rules = "D:P(A;;FA;;;SY)(A;;FA;;;BA)" + "".join(f"(A;;FA;;;{user})" for user in sorted(users))
        if not _advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            rules, _SDDL_1, ctypes.byref(descriptor), None
        ):
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            if not _advapi.SetFileSecurityW(str(path), _DACL | _PROTECTED, descriptor):
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            _kernel.LocalFree(descriptor)

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
        """Do nothing: on Windows, only the suffix makes a file executable."""

    def stays_armed(info: os.stat_result) -> bool:
        """Return False."""
        return False

else:

    def restrict(path: Path) -> None:
        """Let only this account read and write a file; root gives it to the folder's owner, for whom it works there.

        Raises OSError, but not on a file system without modes.
        """
        with _opened(path) as handle, contextlib.suppress(PermissionError):
            os.fchmod(handle, 0o600)
            if os.geteuid() == 0:
                folder = path.parent.stat()
                os.fchown(handle, folder.st_uid, folder.st_gid)

    def keep_private() -> int:
        """Make all files that this process and its children create from now on private; return the previous umask."""
        before = os.umask(_FOR_OTHERS)
        os.umask(before | _FOR_OTHERS)
        return before

    @contextlib.contextmanager
    def private_files() -> Iterator[None]:
        """Make the files that are created in the block private."""
        before = keep_private()
        try:
            yield
        finally:
            os.umask(before)

    def make_private(path: Path) -> None:
        """Remove all access of others to a file or folder of this account; ignore a missing or foreign one."""
        with contextlib.suppress(OSError), _opened(path) as handle:
            info = os.fstat(handle)
            if info.st_uid == os.geteuid() and info.st_mode & _FOR_OTHERS:
                os.fchmod(handle, stat.S_IMODE(info.st_mode) & ~_FOR_OTHERS)

    def share(path: Path, *, place: Path, made_of: Sequence[Path] = ()) -> None:
        """Do the same as `share_open` for a file in a folder that nobody else can change."""
        with contextlib.suppress(OSError), _opened(path) as handle:
            share_open(handle, place=place, made_of=made_of)

    def share_open(handle: int, *, place: Path, made_of: Sequence[Path] = (), owner: str | None = None) -> None:
        """Let those read a new file or folder who may read both its folder `place` and all of `made_of`.

        `handle`: the open file or folder. It gets the group of `made_of` and, if this process runs as root, the owner;
        if the group cannot be set, its members may read only if everybody may. `owner`: the owner of the original, if
        known; if a file of `made_of` has another owner, it is a copy, and owner and group are not set. A file that
        others may already read is left unchanged, and so is one on a file system without modes.
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
            is_theirs = len(whose) == 1 and _set_group(handle, *whose.pop())
            for_all = _may_enter(folder, _OTHERS_READ) and all(one.st_mode & stat.S_IROTH for one in sources)
            for_group = _may_enter(folder, _GROUP_READS) and all(one.st_mode & stat.S_IRGRP for one in sources)
            readers = _OTHERS_READ * for_all | _GROUP_READS * (for_group and (is_theirs or for_all))
            readers &= 0o055 if stat.S_ISDIR(made.st_mode) else 0o044
            _add_rights(handle, stat.S_IMODE(made.st_mode), readers)

    def may_be_given_away(original: Path) -> bool:
        """Return whether files made from an original are given to its owner: only if root runs this and is not it."""
        with contextlib.suppress(OSError):
            return os.geteuid() == 0 != original.lstat().st_uid
        return False

    def disarm(path: Path) -> None:
        """Remove the execute and special permissions of a file: an original in archive/ or failed/ is no program.

        A hard link to a file of root is left unchanged: it may be a program elsewhere.
        """
        with contextlib.suppress(OSError), _opened(path) as handle:
            info = os.fstat(handle)
            is_elsewhere = info.st_nlink > 1 and info.st_uid == 0
            if stat.S_ISREG(info.st_mode) and stat.S_IMODE(info.st_mode) & ~0o666 and not is_elsewhere:
                os.fchmod(handle, stat.S_IMODE(info.st_mode) & 0o666)

    def stays_armed(info: os.stat_result) -> bool:
        """Return whether a file is executable and `disarm` cannot change that, since it is another account's."""
        return bool(stat.S_IMODE(info.st_mode) & ~0o666) and info.st_uid != os.geteuid() != 0

    def _add_rights(handle: int, mode: int, readers: int) -> None:
        """Add read permissions. If setgid may not be set, as in the service, a folder that had it loses it."""
        try:
            os.fchmod(handle, mode | readers)
        except PermissionError:
            os.fchmod(handle, mode & 0o777 | readers)

    def _may_enter(folder: os.stat_result, bits: int) -> bool:
        return folder.st_mode & bits == bits

    @contextlib.contextmanager
    def _opened(path: Path) -> Iterator[int]:
        """Open a file or folder itself without following a link or blocking."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield handle
        finally:
            os.close(handle)

    def _set_group(handle: int, user: int, group: int) -> bool:
        """Set the group, and the owner if this runs as root; return whether the group is the requested one."""
        with contextlib.suppress(OSError):
            os.fchown(handle, user if os.geteuid() == 0 else -1, group)
        return os.fstat(handle).st_gid == group
