"""Who owns a file, and whether somebody else may change it. An owner is a user id, or on Windows a SID."""

from __future__ import annotations

import errno
import os
import stat
import sys
from functools import cache
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes
else:
    import grp
    import pwd

_ACL = "system.posix_acl_access"


def speaks_for(owner: str | None, other: str | None) -> bool:
    """Return whether a sidecar or subtitle of `owner` may be used for a file of `other`.

    It may if both are the same, or if `owner` is the account that runs Dropdub or an administrator. On a file system
    without owners both are None, so it may.
    """
    return owner == other or is_trusted(owner)


def is_trusted(owner: str | None) -> bool:
    """Return whether an owner is the account that runs Dropdub, or an administrator."""
    return owner is not None and owner in _trusted()


def owner_at(path: Path) -> str | None:
    """Return the owner of the file at `path`, of a link that of the link itself; None if it is unknown."""
    try:
        return owner_found(path, path.lstat())
    except OSError:
        return None


def owner_seen(info: os.stat_result) -> str | None:
    """Return the owner recorded in a file's status; None on Windows, where it needs a separate call."""
    return None if sys.platform == "win32" else owner_found(Path(), info)


if sys.platform == "win32":
    _OWNER, _DACL = 0x1, 0x4
    _FILE_OBJECT = 1
    _ALLOWED_ACE = 0
    _WRITES = 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000 | 0x10000000 | 0x40000000
    """Add file, add folder, delete child, delete, change permissions, take ownership, all, write."""
    _TOKEN_QUERY, _TOKEN_USER = 0x8, 1
    _SYSTEM, _ADMINISTRATORS, _CREATOR = "S-1-5-18", "S-1-5-32-544", "S-1-3-0"
    _INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

    class _Acl(ctypes.Structure):
        _fields_ = (
            ("revision", ctypes.c_ubyte), ("zero", ctypes.c_ubyte), ("size", wintypes.WORD),
            ("count", wintypes.WORD), ("zero_2", wintypes.WORD),
        )  # fmt: skip

    class _Ace(ctypes.Structure):
        """An entry's header, its access mask, and the first bytes of the SID."""

        _fields_ = (
            ("kind", ctypes.c_ubyte), ("flags", ctypes.c_ubyte), ("size", wintypes.WORD),
            ("rights", wintypes.DWORD), ("sid", wintypes.DWORD),
        )  # fmt: skip

    _advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _advapi.GetNamedSecurityInfoW.argtypes = (wintypes.LPCWSTR, ctypes.c_int, wintypes.DWORD) + (ctypes.c_void_p,) * 5
    _advapi.GetNamedSecurityInfoW.restype = wintypes.DWORD
    _advapi.ConvertSidToStringSidW.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))
    _advapi.GetAce.argtypes = (ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p))
    _advapi.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
    _advapi.GetTokenInformation.argtypes = (
        wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(wintypes.DWORD),
    )  # fmt: skip
    _kernel.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)

    def owner_found(path: Path, info: os.stat_result) -> str | None:
        """Return the owner of a file; None if it is unknown. `info` has no owner on Windows and is ignored."""
        owner, _, descriptor = _security(path, _OWNER)
        try:
            return _text(owner) if owner else None
        finally:
            _kernel.LocalFree(descriptor)

    def others_may_write(folder: Path) -> bool:
        """Return whether anyone but this account, administrators and the system may write to a folder.

        True if that is unknown.
        """
        owner, acl, descriptor = _security(folder, _OWNER | _DACL)
        try:
            if (
                not owner or not acl or not is_trusted(_text(owner))
            ):  # without an access list, everybody has all permissions
                return True
            return any(not is_trusted(sid) and sid != _CREATOR for sid in _writers(acl))
        finally:
            _kernel.LocalFree(descriptor)

    def is_open_to_others(path: Path) -> bool:
        """Return False: access is governed by the folder's rules, which its owner made (git does the same)."""
        return False

    def _security(path: Path, asked: int) -> tuple[int | None, int | None, ctypes.c_void_p]:
        owner, acl, descriptor = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        failed = _advapi.GetNamedSecurityInfoW(
            str(path), _FILE_OBJECT, asked, ctypes.byref(owner), None,
            ctypes.byref(acl) if asked & _DACL else None, None, ctypes.byref(descriptor),
        )  # fmt: skip
        return (None, None, ctypes.c_void_p()) if failed else (owner.value, acl.value, descriptor)

    def _writers(acl: int) -> list[str | None]:
        """Return who may write by an access list; deny entries are ignored, which errs on the safe side."""
        found = []
        for number in range(_Acl.from_address(acl).count):
            place = ctypes.c_void_p()
            if not _advapi.GetAce(acl, number, ctypes.byref(place)) or not place.value:
                return [None]
            ace = _Ace.from_address(place.value)
            if ace.kind == _ALLOWED_ACE and ace.rights & _WRITES:
                found.append(_text(place.value + _Ace.sid.offset))
        return found

    def _text(sid: int | None) -> str | None:
        text = ctypes.c_void_p()
        if not sid or not _advapi.ConvertSidToStringSidW(sid, ctypes.byref(text)) or not text.value:
            return None
        try:
            return ctypes.wstring_at(text.value)
        finally:
            _kernel.LocalFree(text)

    @cache
    def _trusted() -> frozenset[str]:
        return frozenset({_SYSTEM, _ADMINISTRATORS, _INSTALLER, *([own] if (own := own_account()) else [])})

    def own_account() -> str | None:
        """Return the SID of the account that runs this process."""
        token, size = wintypes.HANDLE(), wintypes.DWORD()
        if not _advapi.OpenProcessToken(_kernel.GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)):
            return None
        try:
            room = (ctypes.c_void_p * 32)()  # a pointer to the SID, its attributes, and the SID itself
            ok = _advapi.GetTokenInformation(token, _TOKEN_USER, room, ctypes.sizeof(room), ctypes.byref(size))
            return _text(room[0]) if ok else None
        finally:
            _kernel.CloseHandle(token)

else:

    def owner_found(path: Path, info: os.stat_result) -> str | None:
        """Return the owner of a file, from its status."""
        return str(info.st_uid)

    def others_may_write(folder: Path) -> bool:
        """Return whether anyone but this account and root may write to a folder; True if that is unknown."""
        try:
            info = folder.stat()
            return not is_trusted(str(info.st_uid)) or _is_open(folder, info)
        except OSError:
            return True

    def is_open_to_others(path: Path) -> bool:
        """Return whether accounts other than the owner may write to a file or folder itself. Raises OSError."""
        info = path.lstat()
        return not stat.S_ISLNK(info.st_mode) and _is_open(path, info)  # links have no mode of their own

    def _is_open(path: Path, info: os.stat_result) -> bool:
        """Return whether the mode or an access list lets anyone but the owner write.

        A sticky bit does not help: it keeps others from removing entries, not from adding them.
        """
        if info.st_mode & stat.S_IWOTH:
            return True
        return bool(info.st_mode & stat.S_IWGRP) and (_has_acl(path) or not _is_private_group(info.st_gid, info.st_uid))

    def _has_acl(path: Path) -> bool:
        """Return whether a file has an access list: the group's bits are then only the mask of its entries."""
        if sys.platform != "linux":
            return False
        try:
            return _ACL in os.listxattr(path)
        except OSError as error:
            return error.errno != errno.ENOTSUP

    def _is_private_group(group: int, owner: int) -> bool:
        """Return whether a group is an account's private one: it has the account's name and no other members."""
        try:
            name, known = pwd.getpwuid(owner).pw_name, grp.getgrgid(group)
        except KeyError:
            return False
        return known.gr_name == name and set(known.gr_mem) <= {name}

    def _trusted() -> frozenset[str]:
        """Return root, this account, and the caller of sudo, who may run `sudo dropdub doctor` in a root of theirs."""
        caller = os.geteuid()
        by_sudo = os.environ.get("SUDO_UID", "") if caller == 0 else ""
        return frozenset({"0", str(caller)} | ({by_sudo} if by_sudo.isdecimal() else set()))


def why_not_trusted(path: Path) -> str:
    """Return why another account may have changed a file or folder; empty if none can have. Raises OSError."""
    if not is_trusted(owner_found(path, path.lstat())):
        return "belongs to another account"
    if is_open_to_others(path):
        return "is writable by other accounts"
    return ""


def is_exchangeable(folder: Path) -> bool:
    """Return whether every account may replace the entries of a folder. Raises OSError."""
    if sys.platform == "win32":
        return False
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
