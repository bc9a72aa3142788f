"""The disk that a stage is about to fill: better to wait for room now than to break off in the middle."""

from __future__ import annotations

from dropdub.errors import Waiting
from dropdub.files.durable import too_little_free
from dropdub.pipeline.task import Task
from dropdub.units import format_size

MARGIN_BYTES = 50_000_000


def await_disk(task: Task, needed: int) -> None:
    """Raise Waiting if the work folder's disk has not `needed` bytes, and a little more, to spare."""
    needed += min(MARGIN_BYTES, int(task.limits.min_free_disk))
    free = too_little_free(task.job_dir, needed)
    if free is not None:
        raise Waiting(
            f"{task.job_name} needs {format_size(needed)} of disk; {format_size(free)} are free.",
            condition="disk",
            remedy="Free some disk space; it then goes on by itself.",
        )
