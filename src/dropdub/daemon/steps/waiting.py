"""Conditions that jobs wait for (disk, memory, outbox, model, engine, server), polled so that they resume."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

from dropdub.config import Limits
from dropdub.daemon.change_detector import INSTALLED_AFTER_S, ChangeDetector, listing
from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.isolation import contained
from dropdub.daemon.logs import note
from dropdub.daemon.steps.server_look import ServerLook
from dropdub.errors import TransitionRefused, Waiting
from dropdub.files.durable import is_folder, too_little_free
from dropdub.installation import packages_stamp
from dropdub.language_server.presence import SERVER
from dropdub.language_server.server import Server
from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.states import JobState
from dropdub.store.tables import Job
from dropdub.units import format_size

GENERAL = ("disk", "memory", "outbox", "folder")
MODEL, ENGINE = "model", "engine"
EVERY_S = 2.0
LONGEST_PATIENCE_S = 60.0
"""Longest hold of a job that was released and held again; what it lacks may not be detectable here."""
MODEL_PATIENCE_S = 300.0
"""The same for a model, an engine or a server, whose arrival is detected."""
SERVER_PATIENCE_S = 15.0
"""First hold of a job whose server answers, but may still be loading its model."""


@dataclass
class _Hold:
    """A job that waits, or waited recently: when to release it, and its current hold time. Monotonic seconds."""

    due: float
    patience_s: float
    seen: float


class Conditions:
    """Holds jobs while something is missing, and releases them. Times are monotonic seconds."""

    def __init__(self, context: Context, busy: Callable[[int], bool]) -> None:
        """`busy` returns whether a step of this job is running."""
        self._context = context
        self._busy = busy
        self._next = 0.0
        self._holds: dict[int, _Hold] = {}
        models = context.root.models_dir(context.config.models.dir)
        self._detectors = {
            MODEL: ChangeDetector(lambda: (listing(models), packages_stamp())),
            ENGINE: ChangeDetector(packages_stamp, quiet_s=INSTALLED_AFTER_S),
        }
        self._server = ServerLook(Server.of(context.config.models.openai))
        self.obstacle: Waiting | None = None

    def update(self, now: float) -> None:
        """Hold all jobs while there is a general obstacle; otherwise release those that may resume."""
        if now < self._next:
            return
        self._next = now + EVERY_S
        self.obstacle = away(self._context) or obstacle(self._context.root, self._context.config.limits)
        if self.obstacle is not None:
            self._hold_all(self.obstacle)
        else:
            self._release(now)

    def _hold_all(self, error: Waiting) -> None:
        for job in queries.unfinished_jobs(self._context.store, (JobState.QUEUED, JobState.RUNNING)):
            if not self._busy(job_id(job)):
                with contained("holding a job", job=job.id):
                    hold(self._context, job, error)

    def _release(self, now: float) -> None:
        waiting = queries.unfinished_jobs(self._context.store, (JobState.WAITING,))
        # Folders are only compared while a job waits; what has changed before the first one did counts as arrived.
        arrived = {what for what, detector in self._detectors.items() if detector.changed(now)} if waiting else set()
        if any(job.waiting_for == SERVER for job in waiting) and self._server.changed(now):
            arrived.add(SERVER)
        for job in waiting:
            if self._may_resume(job, now, arrived=arrived):
                with contained("releasing a job", job=job.id):
                    waits_for = job.waiting_for
                    transitions.release_job(self._context.store, job_id(job), waiting_for=waits_for, now=time.time())
                    note("job released", job=job.id)
        self._holds = {id_: held for id_, held in self._holds.items() if now - held.seen < 2 * MODEL_PATIENCE_S}

    def _may_resume(self, job: Job, now: float, *, arrived: Collection[str | None]) -> bool:
        """Return whether a waiting job may resume; each time it has to be held again, it is held longer."""
        if job.waiting_for not in (*GENERAL, *self._detectors, SERVER):
            return False
        if job.waiting_for == SERVER and not self._server.is_there:
            return False
        first_s = {**dict.fromkeys(self._detectors, MODEL_PATIENCE_S), SERVER: SERVER_PATIENCE_S}.get(
            job.waiting_for, 0.0
        )
        found = self._holds.setdefault(job_id(job), _Hold(now + first_s, first_s, now))
        found.seen = now
        if now < found.due and job.waiting_for not in arrived:
            return False
        found.patience_s = min(2 * max(found.patience_s, EVERY_S), max(first_s, LONGEST_PATIENCE_S))
        found.due = now + found.patience_s
        return True


def obstacle(root: Root, limits: Limits) -> Waiting | None:
    """Return why no work can be done now, or None if it can."""
    return _outbox_away(root.outbox) or _disk_low(root, limits) or _memory_low(limits)


def hold(context: Context, job: Job, error: Waiting) -> None:
    """Make a job wait, unless it is already waiting or ending."""
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
        f"The outbox {outbox} is missing or not writable.",
        condition="outbox",
        remedy="Connect the share, or make the folder writable.",
    )


def _disk_low(root: Root, limits: Limits) -> Waiting | None:
    for folder in (root.work, root.outbox):
        free = too_little_free(folder, limits.min_free_disk)
        if free is not None:
            return Waiting(
                f"Only {format_size(free)} is free on the disk of {folder}; at least "
                f"{format_size(limits.min_free_disk)} is required.",
                condition="disk",
                remedy="Free some disk space, or lower limits.min_free_disk.",
            )
    return None


def _memory_low(limits: Limits) -> Waiting | None:
    free = psutil.virtual_memory().available
    if free >= limits.min_free_memory:
        return None
    return Waiting(
        f"Only {format_size(free)} of memory is free; at least {format_size(limits.min_free_memory)} is required.",
        condition="memory",
        remedy="Close other programs, or lower limits.min_free_memory.",
    )
