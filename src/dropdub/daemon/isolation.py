"""Error isolation: an exception in the intake, planning, result or ending of one job fails only that job."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dropdub.daemon.logs import note
from dropdub.errors import DropdubError, FolderAway, StoreError, TransitionRefused, unforeseen

SHARED_ERRORS = (StoreError, FolderAway, TransitionRefused)
"""Errors not caused by a single job: the database or a disk is unusable, or another process changed the row first."""


@contextmanager
def contained(doing: str, **fields: Any) -> Iterator[None]:
    """Log an exception raised while `doing` something for one job, and leave that job as it is; others continue."""
    try:
        yield
    except Exception as error:
        text = own_error(error, doing, **fields).message
        note("job left unchanged", level=logging.WARNING, doing=doing, text=text, **fields)


def own_error(error: Exception, doing: str, **fields: Any) -> DropdubError:
    """Log an exception raised while `doing` something for one job; return the error to record for that job.

    Raises the exception again if it is one of `SHARED_ERRORS`.
    """
    if isinstance(error, SHARED_ERRORS):
        raise error
    if isinstance(error, DropdubError):
        return error
    note(f"unexpected error while {doing}", level=logging.ERROR, trace=error, **fields)
    return unforeseen(error)
