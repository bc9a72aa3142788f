"""What work waits for: disk, memory, outbox, a model, an engine. Asked again and again, so that work goes on alone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

from dropdub.config import Limits
from dropdub.daemon.boundary import contained
from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.logs import note
from dropdub.errors import TransitionRefused, Waiting
from dropdub.files.durable import is_folder, too_little_free
from dropdub.installation import packages_stamp
from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.states import JobState
from dropdub.store.tables import Job
from dropdub.units import format_size

GENERAL = ("disk", "memory", "outbox", "folder")
MODEL, ENGINE = "model", "engine"
EVERY_S = 2.0
LONGEST_PATIENCE_S = 60.0
"""How long a job is held at most that was let go on and had to be held again: what is missing may not be seen here."""
MODEL_PATIENCE_S = 300.0
"""The same for a model or an engine, whose coming is seen."""
INSTALLED_AFTER_S = 10.0
"""How long no package must have come: pip brings one after another, and what is half there cannot be used."""


@dataclass
class _Hold:
    """One job that waits, or waited a moment ago: when it may go on, and how long it was held. Monotonic seconds."""

    due: float
    patience_s: float
    seen: float


class _Arrivals:
    """Notices that something new is there, once nothing more has come for a while. Times are monotonic seconds."""

    def __init__(self, look: Callable[[], object], *, quiet_s: float = 0.0) -> None:
        self._look = look
        self._quiet_s = quiet_s
        self._seen: object = self  # equals nothing: what came while nobody looked is seen at the first look
        self._since: float | None = None

    def noticed(self, now: float) -> bool:
        seen, before = self._look(), self._seen
        if seen != before:
            self._seen, self._since = seen, now - self._quiet_s if before is self else now
        if self._since is None or now - self._since < self._quiet_s:
            return False
        self._since = None
        return True


class Conditions:
    """Holds jobs while something is missing, and lets them go on. Times are monotonic seconds."""

    def __init__(self, context: Context, busy: Callable[[int], bool]) -> None:
        """`busy` tells whether a step of this job is under way."""
        self._context = context
        self._busy = busy
        self._next = 0.0
        self._holds: dict[int, _Hold] = {}
        models = context.root.models_dir(context.config.models.dir)
        self._arrivals = {
            MODEL: _Arrivals(lambda: _listing(models)),
            ENGINE: _Arrivals(packages_stamp, quiet_s=INSTALLED_AFTER_S),
        }
        self.obstacle: Waiting | None = None

    def heed(self, now: float) -> None:
        """Hold jobs while there is an obstacle for all, and let those go on whose obstacle is gone."""
        if now < self._next:
            return
        self._next = now + EVERY_S
        self.obstacle = away(self._context) or obstacle(self._context.root, self._context.config.limits)
        if self.obstacle is not None:
            self._hold_all(self.obstacle)
        else:
            self._let_go(now)

    def _hold_all(self, error: Waiting) -> None:
        for job in queries.unfinished_jobs(self._context.store, (JobState.QUEUED, JobState.RUNNING)):
            if not self._busy(job_id(job)):
                with contained("holding a job", job=job.id):
                    hold(self._context, job, error)

    def _let_go(self, now: float) -> None:
        arrived = {what for what, arrivals in self._arrivals.items() if arrivals.noticed(now)}
        for job in queries.unfinished_jobs(self._context.store, (JobState.WAITING,)):
            if self._may_go(job, now, arrived=arrived):
                with contained("letting a job go on", job=job.id):
                    waits_for = job.waiting_for
                    transitions.release_job(self._context.store, job_id(job), waiting_for=waits_for, now=time.time())
                    note("job goes on", job=job.id)
        self._holds = {id_: one for id_, one in self._holds.items() if now - one.seen < 2 * MODEL_PATIENCE_S}

    def _may_go(self, job: Job, now: float, *, arrived: Collection[str | None]) -> bool:
        """Return whether a job's time has come; each time that it must be held again it is held for longer."""
        if job.waiting_for not in (*GENERAL, *self._arrivals):
            return False
        first_s = MODEL_PATIENCE_S if job.waiting_for in self._arrivals else 0.0
        found = self._holds.setdefault(job_id(job), _Hold(now + first_s, first_s, now))
        found.seen = now
        if now < found.due and job.waiting_for not in arrived:
            return False
        found.patience_s = min(2 * max(found.patience_s, EVERY_S), max(first_s, LONGEST_PATIENCE_S))
        found.due = now + found.patience_s
        return True


def _listing(folder: Path) -> object:
    """Return what changes when a model comes to its folder, or one that is there is replaced."""
    try:
        return sorted((one.name, one.stat().st_mtime_ns) for one in folder.iterdir())
    except OSError:
        return None


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
    if is_folder(outbox) and os.access(outbox, os.W_OK | os.X_OK):
        return None
    return Waiting(
        f"The outbox {outbox} is not there or cannot be written to.",
        condition="outbox",
        remedy="Connect the share, or make the folder writable.",
    )


def _disk_low(root: Root, limits: Limits) -> Waiting | None:
    for folder in (root.work, root.outbox):
        free = too_little_free(folder, limits.min_free_disk)
        if free is not None:
            return Waiting(
                f"Only {format_size(free)} free where {folder} lies; {format_size(limits.min_free_disk)} are wanted.",
                condition="disk",
                remedy="Free some disk space, or lower limits.min_free_disk.",
            )
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
