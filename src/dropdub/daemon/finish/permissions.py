"""Read permissions of published files: only accounts that could read the originals get access."""

from __future__ import annotations

from pathlib import Path

from dropdub.files.durable import is_file
from dropdub.files.privacy import share_open
from dropdub.store.tables import Job


def grant_read(job: Job, handle: int, *, outbox: Path) -> None:
    """Give read access to an open file or folder of a job to those who can read both the `outbox` and its originals."""
    share_open(handle, place=outbox, made_of=list(_originals(job)), owner=job.owner)


def _originals(job: Job) -> list[Path]:
    """Return all files that the job's deliverables are made from."""
    given = [Path(job.given_path)] if job.given_path and is_file(Path(job.given_path)) else []
    beside = [job.companion, (job.revision or {}).get("film")]
    return [*(given or [Path(job.source)]), *(Path(path) for path in beside if path)]
