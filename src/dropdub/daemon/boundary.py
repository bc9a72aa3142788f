"""Where an error of one job ends: whatever its intake, planning, outcome or ending raises fails that job alone."""

from __future__ import annotations

import logging
from typing import Any

from dropdub.daemon.logs import note
from dropdub.errors import DropdubError, FolderAway, StoreError, TransitionRefused, unforeseen

EVERYONES = (StoreError, FolderAway, TransitionRefused)
"""What is no job's own: the database or a disk cannot be used, or another process was quicker."""


def own_error(error: Exception, doing: str, **fields: Any) -> DropdubError:
    """Log an exception that the work of one job raised while `doing` something; return the error to record for it.

    Raises the exception again if it is not the job's own.
    """
    if isinstance(error, EVERYONES):
        raise error
    if isinstance(error, DropdubError):
        return error
    note(f"unforeseen error while {doing}", level=logging.ERROR, trace=error, **fields)
    return unforeseen(error)
