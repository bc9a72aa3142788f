"""Folders held open on Windows, by a handle that keeps others from renaming or removing them."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    import errno
    import os
    from ctypes import wintypes
    from pathlib import Path

    _LIST = 0x0001 | 0x0080  # FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES
    _SHARE_BUT_DELETE = 0x1 | 0x2  # FILE_SHARE_READ, FILE_SHARE_WRITE
    _OPEN_EXISTING = 3
    _A_FOLDER = 0x02000000  # FILE_FLAG_BACKUP_SEMANTICS
    _NOT_THROUGH = 0x00200000  # FILE_FLAG_OPEN_REPARSE_POINT
    _IS_FOLDER = 0x10
    _SURROGATE = 0x20000000
    _LONGEST = 32768

    class _Information(ctypes.Structure):
        _fields_ = (
            ("attributes", wintypes.DWORD),
            ("times", wintypes.FILETIME * 3),
            ("numbers", wintypes.DWORD * 6),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateFileW.restype = wintypes.HANDLE
    _kernel.CreateFileW.argtypes = [
        *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID),
        *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
    ]
    _kernel.GetFileInformationByHandle.argtypes = [wintypes.HANDLE, ctypes.POINTER(_Information)]
    _kernel.GetFinalPathNameByHandleW.argtypes = [wintypes.HANDLE, wintypes.LPWSTR, wintypes.DWORD, wintypes.DWORD]
    _kernel.GetFinalPathNameByHandleW.restype = wintypes.DWORD
    _kernel.CloseHandle.argtypes = [wintypes.HANDLE]
    _NO_HANDLE = wintypes.HANDLE(-1).value

    def hold(path: Path, *, within: int | None = None) -> int:
        """Open a folder and return its handle. Raises OSError.

        `within` is the handle of its parent; if given, links, junctions and folders elsewhere are refused.
        """
        flags = _A_FOLDER | (_NOT_THROUGH if within is not None else 0)
        handle = _kernel.CreateFileW(str(path), _LIST, _SHARE_BUT_DELETE, None, _OPEN_EXISTING, flags, None)
        if handle is None or handle == _NO_HANDLE:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            _refuse_elsewhere(int(handle), path, within)
        except OSError:
            release(int(handle))
            raise
        return int(handle)

    def release(handle: int) -> None:
        _kernel.CloseHandle(handle)

    def _refuse_elsewhere(handle: int, path: Path, within: int | None) -> None:
        known = _Information()
        if not _kernel.GetFileInformationByHandle(handle, ctypes.byref(known)):
            raise ctypes.WinError(ctypes.get_last_error())
        is_elsewhere = within is not None and (_is_link(path) or _leads_elsewhere(handle, path, within))
        if not known.attributes & _IS_FOLDER or is_elsewhere:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))

    def _is_link(path: Path) -> bool:
        """Return whether a folder is a link or junction; that cannot change while its handle is open.

        Folders of cloud storage clients are reparse points too, but not surrogates.
        """
        return bool(os.lstat(path).st_reparse_tag & _SURROGATE)

    def _leads_elsewhere(handle: int, path: Path, within: int) -> bool:
        return _final(handle).casefold() != f"{_final(within)}\\{path.name}".casefold()

    def _final(handle: int) -> str:
        """Return the real path of an open folder."""
        buffer = ctypes.create_unicode_buffer(_LONGEST)
        if not _kernel.GetFinalPathNameByHandleW(handle, buffer, _LONGEST, 0):
            raise ctypes.WinError(ctypes.get_last_error())
        return buffer.value.rstrip("\\")
