"""Classify errors of writing to an output folder: wait for those that may pass, refuse those that will not."""

from __future__ import annotations

import errno
from pathlib import Path

from dropdub.errors import DropdubError, OutRefused, Waiting
from dropdub.files.durable import is_folder

_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def folder_error(folder: Path, error: OSError, *, named: bool) -> DropdubError:
    """Return the exception to raise for `error`; `named`: the folder is the job's own (`out`), not the outbox.

    A missing folder may be on a share that is not connected yet, so the job waits. An existing folder that forbids
    writing stays that way: a service may write only to the folders of its root and of config.yaml.
    """
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free some disk space. The job then resumes automatically."
        return Waiting(f"There is no space left in {folder}.", condition="disk", remedy=remedy)
    if named and error.errno in _FORBIDDEN and is_folder(folder):
        return OutRefused(f"Cannot write to {folder}: {reason}.")
    remedy = "Connect the share, or make the folder writable. The job then resumes automatically."
    what = str(folder) if named else f"the outbox {folder}"
    return Waiting(f"Cannot write to {what}: {reason}.", condition="outbox", remedy=remedy)
