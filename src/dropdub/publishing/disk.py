"""Check for disk space before a stage writes a lot: waiting now is better than failing halfway."""

from __future__ import annotations

from dropdub.errors import Waiting
from dropdub.files.durable import too_little_free
from dropdub.pipeline.task import Task
from dropdub.units import format_size

MARGIN_BYTES = 50_000_000


def await_disk(task: Task, needed: int) -> None:
    """Raise Waiting unless the disk of the work folder has `needed` bytes free, plus a margin."""
    needed += min(MARGIN_BYTES, int(task.limits.min_free_disk))
    free = too_little_free(task.job_dir, needed)
    if free is not None:
        raise Waiting(
            f"{task.job_name} needs {format_size(needed)} of disk space; only {format_size(free)} is free.",
            condition="disk",
            remedy="Free some disk space. The job then resumes automatically.",
        )
