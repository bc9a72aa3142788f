"""What work waits for: disk, memory, the outbox. Asked again and again, so that work goes on by itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

import psutil

from dropdub.config import Limits
from dropdub.daemon.context import Context, job_id
from dropdub.errors import TransitionRefused, Waiting
from dropdub.quantities import format_size
from dropdub.root import Root
from dropdub.store import transitions
from dropdub.store.tables import Job

GENERAL = ("disk", "memory", "outbox")


def obstacle(root: Root, limits: Limits) -> Waiting | None:
    """Return why no work can be done now, or None where it can."""
    return _outbox_away(root.outbox) or _disk_low(root, limits) or _memory_low(limits)


def hold(context: Context, job: Job, error: Waiting) -> None:
    """Let a job wait, unless it waits already or ends."""
    with contextlib.suppress(TransitionRefused):
        transitions.hold_job(
            context.store,
            job_id(job),
            waiting_for=error.condition,
            reason=error.message,
            remedy=error.remedy,
            now=time.time(),
        )


def _outbox_away(outbox: Path) -> Waiting | None:
    if outbox.is_dir() and os.access(outbox, os.W_OK | os.X_OK):
        return None
    return Waiting(
        f"The outbox {outbox} is not there or cannot be written to.",
        condition="outbox",
        remedy="Connect the share, or make the folder writable.",
    )


def _disk_low(root: Root, limits: Limits) -> Waiting | None:
    for folder in (root.work, root.outbox):
        free = _free_bytes(folder)
        if free is not None and free < limits.min_free_disk:
            return Waiting(
                f"Only {format_size(free)} free where {folder} lies; {format_size(limits.min_free_disk)} are wanted.",
                condition="disk",
                remedy="Free some disk space, or lower limits.min_free_disk.",
            )
    return None


def _free_bytes(folder: Path) -> int | None:
    """Return the space free, or None where the file system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _memory_low(limits: Limits) -> Waiting | None:
    free = psutil.virtual_memory().available
    if free >= limits.min_free_memory:
        return None
    return Waiting(
        f"Only {format_size(free)} of memory free; {format_size(limits.min_free_memory)} are wanted.",
        condition="memory",
        remedy="Close other programs, or lower limits.min_free_memory.",
    )
