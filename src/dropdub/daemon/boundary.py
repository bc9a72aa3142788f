"""Where an error of one job ends: whatever its intake, planning, outcome or ending raises fails that job alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dropdub.daemon.logs import note
from dropdub.errors import DropdubError, FolderAway, StoreError, TransitionRefused, unforeseen

EVERYONES = (StoreError, FolderAway, TransitionRefused)
"""What is no job's own: the database or a disk cannot be used, or another process was quicker."""


@contextmanager
def contained(doing: str, **fields: Any) -> Iterator[None]:
    """Log what the work of one job raises while `doing` something, so that the others go on; the job stays as it is."""
    try:
        yield
    except Exception as error:
        text = own_error(error, doing, **fields).message
        note("job left as it is", level=logging.WARNING, doing=doing, text=text, **fields)


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
