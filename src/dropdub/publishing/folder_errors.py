"""Why a folder of results cannot be written to: what may pass is waited for, what nobody will mend is refused."""

from __future__ import annotations

import errno
from pathlib import Path

from dropdub.errors import DropdubError, OutRefused, Waiting
from dropdub.files.durable import is_folder

_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def folder_error(folder: Path, error: OSError, *, named: bool) -> DropdubError:
    """Return what to raise for `error`; `named`: the job names the folder (`out`), it is not the outbox.

    One that is absent lies on a share to come. One that is there and forbidden stays so: a service may write to the
    folders of its root and of config.yaml only.
    """
    what = f"{folder} cannot be written to: {error.strerror or error}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free some disk space; it then goes on by itself."
        return Waiting(f"{folder} has no room left.", condition="disk", remedy=remedy)
    if named and error.errno in _FORBIDDEN and is_folder(folder):
        return OutRefused(what)
    remedy = "Connect the share, or make the folder writable; it then goes on by itself."
    return Waiting(what if named else f"The outbox {what}", condition="outbox", remedy=remedy)
