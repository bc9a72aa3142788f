"""Who may read what is published of a job: nobody who could not read what was dropped."""

from __future__ import annotations

from pathlib import Path

from dropdub.files.durable import is_file
from dropdub.files.privacy import share_open
from dropdub.store.tables import Job


def let_read(job: Job, handle: int, *, outbox: Path) -> None:
    """Let those read an open file, or the folder of a job, who may read both the `outbox` and its originals."""
    share_open(handle, place=outbox, made_of=list(_originals(job)), owner=job.owner)


def _originals(job: Job) -> list[Path]:
    """Return all that the job's deliverables are made of."""
    given = [Path(job.given_path)] if job.given_path and is_file(Path(job.given_path)) else []
    beside = [job.companion, (job.revision or {}).get("film")]
    return [*(given or [Path(job.source)]), *(Path(path) for path in beside if path)]
