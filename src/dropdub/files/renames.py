"""A rename that replaces nothing: the check whether the name is free and the rename are a single system call."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path

_NOT_KNOWN = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
"""Errors of an older kernel, or of a file system (NFS, some FUSE) that does not support it."""
_NO_REPLACE = 1 if sys.platform != "darwin" else 4
"""RENAME_NOREPLACE of renameat2(2), RENAME_EXCL of renameatx_np(2)."""
_HERE = -100 if sys.platform != "darwin" else -2
"""AT_FDCWD."""


def rename_new(
    source: str | Path, target: str | Path, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
) -> None:
    """Rename a file to a free name. Raises FileExistsError if it is taken, and OSError as `os.rename` does.

    If the system has no such call, the check and the rename are separate.
    """
    if sys.platform == "win32":
        Path(source).rename(target)  # replaces nothing there
        return
    code = _renamed(source, target, src_dir_fd, dst_dir_fd)
    if code in _NOT_KNOWN:
        _refuse_taken(target, dst_dir_fd)
        os.rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
    elif code:
        raise OSError(code, os.strerror(code), str(source), None, str(target))


def _renamed(source: str | Path, target: str | Path, src_dir_fd: int | None, dst_dir_fd: int | None) -> int:
    """Return 0 or the errno."""
    call = _system_call()
    if call is None:
        return errno.ENOSYS
    one, other = (_HERE if fd is None else fd for fd in (src_dir_fd, dst_dir_fd))
    done = call(one, os.fsencode(source), other, os.fsencode(target), _NO_REPLACE)
    return 0 if done == 0 else ctypes.get_errno()


@functools.cache
def _system_call() -> Callable[..., int] | None:
    """Return the function of the C library; None if it has none."""
    name = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        call.restype = ctypes.c_int
    return call


def _refuse_taken(target: str | Path, dst_dir_fd: int | None) -> None:
    try:
        os.stat(target, dir_fd=dst_dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
