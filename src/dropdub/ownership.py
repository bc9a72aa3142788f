"""Whose a file is, and whether somebody else may change it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    SE_FILE_OBJECT = 1
    OWNER_SECURITY_INFORMATION = 1
    TOKEN_QUERY = 8
    TOKEN_USER = 1
    TOKEN_USER_MAX_BYTES = 1024
    OF_THE_SYSTEM = frozenset(
        {
            "S-1-5-32-544",  # Administrators
            "S-1-5-18",  # SYSTEM
            "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",  # TrustedInstaller
        }
    )
    """What an administrator makes belongs to the group of all of them."""

    _security = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _security.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
    _security.GetTokenInformation.argtypes = (
        *(wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD),
        ctypes.POINTER(wintypes.DWORD),
    )
    _security.ConvertSidToStringSidW.argtypes = (ctypes.c_void_p, ctypes.POINTER(wintypes.LPWSTR))
    _security.GetNamedSecurityInfoW.argtypes = (
        *(wintypes.LPCWSTR, ctypes.c_int, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p)),
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)),
    )

    def owner_of(path: Path) -> str:
        """Return whose a file or folder is, as a SID. Raises OSError."""
        sid, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
        code = _security.GetNamedSecurityInfoW(
            *(str(path), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION),
            *(ctypes.byref(sid), None, None, None, ctypes.byref(descriptor)),
        )
        if code:
            raise ctypes.WinError(code)
        try:
            return _written(sid)
        finally:
            _kernel.LocalFree(descriptor)

    def own_accounts() -> frozenset[str]:
        """Return the accounts that this process is, and those that may do everything here anyway."""
        token = wintypes.HANDLE()
        if not _security.OpenProcessToken(_kernel.GetCurrentProcess(), TOKEN_QUERY, ctypes.byref(token)):
            raise ctypes.WinError(ctypes.get_last_error())
        room, size = ctypes.create_string_buffer(TOKEN_USER_MAX_BYTES), wintypes.DWORD()
        try:
            if not _security.GetTokenInformation(token, TOKEN_USER, room, len(room), ctypes.byref(size)):
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            _kernel.CloseHandle(token)
        return OF_THE_SYSTEM | {_written(ctypes.c_void_p.from_buffer(room))}

    def is_open_to_others(path: Path) -> bool:
        """Return False: who may change what, the folder's own rules say, and the owner made them."""
        return False

    def _written(sid: ctypes.c_void_p) -> str:
        text = wintypes.LPWSTR()
        if not _security.ConvertSidToStringSidW(sid, ctypes.byref(text)):
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            return text.value or ""
        finally:
            _kernel.LocalFree(text)

else:
    import grp
    import pwd

    def owner_of(path: Path) -> str:
        """Return whose a file or folder is, as a user id; of a link, whose the link is. Raises OSError."""
        return str(path.lstat().st_uid)

    def own_accounts() -> frozenset[str]:
        """Return the accounts that this process is, and those that may do everything here anyway.

        Who calls by sudo is that person too, as for git: `sudo jobs doctor` in one's own root.
        """
        caller = os.geteuid()
        by_sudo = {os.environ.get("SUDO_UID", "")} if caller == 0 else set()
        return frozenset({"0", str(caller)} | {uid for uid in by_sudo if uid.isdecimal()})

    def is_open_to_others(path: Path) -> bool:
        """Return whether another account than its owner may write to it. Raises OSError.

        A sticky bit is no help: it keeps names from being removed, not from being added. A person's own group, which
        nobody else is in, is that person.
        """
        info = path.lstat()
        if stat.S_ISLNK(info.st_mode):
            return False  # links have no mode of their own
        is_shared = bool(info.st_mode & stat.S_IWGRP) and not _is_private_group(info.st_gid, info.st_uid)
        return is_shared or bool(info.st_mode & stat.S_IWOTH)

    def _is_private_group(group: int, owner: int) -> bool:
        try:
            name = pwd.getpwuid(owner).pw_name
            known = grp.getgrgid(group)
        except KeyError:
            return False
        return known.gr_name == name and set(known.gr_mem) <= {name}


def why_not_trusted(path: Path) -> str:
    """Return why what is in a file or folder may be another account's doing; empty if it is not. Raises OSError."""
    if owner_of(path) not in own_accounts():
        return "belongs to another account"
    if is_open_to_others(path):
        return "may be written to by other accounts"
    return ""


def is_exchangeable(folder: Path) -> bool:
    """Return whether every account may put something else in the place of what is in a folder. Raises OSError."""
    if sys.platform == "win32":
        return False
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
