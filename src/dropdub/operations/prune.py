"""Forget jobs that ended long ago."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dropdub.files.removal import remove, remove_tree
from dropdub.operations.place import Place
from dropdub.store import transitions

if TYPE_CHECKING:
    from dropdub.store.views import PrunedJob


@dataclass(frozen=True)
class Pruned:
    """The jobs that were forgotten, or with `dry_run` would be."""

    jobs: tuple[PrunedJob, ...]
    dry_run: bool


def prune(place: Place, *, older_than_s: float, dry_run: bool = False) -> Pruned:
    """Forget the jobs that ended more than `older_than_s` seconds ago, with their logs and what they kept for a retry.

    No file in inbox, outbox, archive, failed or voices is touched. Raises StoreError.
    """
    ended_before = time.time() - older_than_s
    jobs = place.reader().prunable(ended_before)
    if jobs and not dry_run:
        with closing(place.store()) as store:
            jobs = transitions.prune_jobs(store, ended_before=ended_before)
        for job in jobs:
            remove(place.root.job_log(job.id))
            remove_tree(place.root.kept_dir(job.id))
    return Pruned(tuple(jobs), dry_run)
