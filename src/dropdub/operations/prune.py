"""Forget jobs that ended long ago."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dropdub.operations.place import Place
from dropdub.store.forgetting import forget_jobs

if TYPE_CHECKING:
    from dropdub.store.views import PrunedJob


@dataclass(frozen=True)
class Pruned:
    """The jobs that were forgotten, or with `dry_run` would be; `kept` are those whose files cannot be removed now."""

    jobs: tuple[PrunedJob, ...]
    kept: tuple[PrunedJob, ...]
    dry_run: bool


def prune(place: Place, *, older_than_s: float, dry_run: bool = False) -> Pruned:
    """Forget the jobs that ended more than `older_than_s` seconds ago, with their logs, their answers, and what they
    kept for a retry.

    No file in inbox, outbox, archive, failed or voices is touched. Raises StoreError.
    """
    ended_before = time.time() - older_than_s
    jobs = place.reader().prunable(ended_before)
    if dry_run or not jobs:
        return Pruned(tuple(jobs), (), dry_run)
    with closing(place.store()) as store:
        gone = forget_jobs(store, place.root, [job.id for job in jobs])
    return Pruned(
        tuple(job for job in jobs if job.id in gone), tuple(job for job in jobs if job.id not in gone), dry_run
    )
