"""Check for disk space before a stage writes a lot: waiting now is better than failing halfway."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import Waiting
from dropdub.files.durable import too_little_free
from dropdub.units import format_size

MARGIN_BYTES = 50_000_000


def await_disk(folder: Path, needed: int, *, job_name: str, min_free: int) -> None:
    """Raise Waiting unless the disk of a folder has `needed` bytes free, plus a margin of at most `min_free` bytes."""
    needed += min(MARGIN_BYTES, min_free)
    free = too_little_free(folder, needed)
    if free is not None:
        raise Waiting(
            f"{job_name} needs {format_size(needed)} of disk space; only {format_size(free)} is free.",
            condition="disk",
            remedy="Free some disk space. The job then resumes automatically.",
        )
