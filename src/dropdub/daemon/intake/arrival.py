"""Queue jobs whose files have been moved: resolve options and plan the first steps, or fail the job."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dropdub.config import SIDECAR_SUFFIX, JobOptions
from dropdub.config.problems import problems
from dropdub.daemon.context import Context, job_id
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.intake.collection import Collected
from dropdub.daemon.intake.revisions import FilmGone, Revision
from dropdub.daemon.isolation import own_error
from dropdub.daemon.logs import note
from dropdub.daemon.mover import Moved
from dropdub.daemon.postponed import Postponed
from dropdub.errors import BadSidecar, DropdubError, Waiting
from dropdub.failpoints import reach
from dropdub.inbox.recorded_files import Absent
from dropdub.pipeline.plan import first_steps
from dropdub.store import queries, transitions
from dropdub.store.tables import Job
from dropdub.store.transitions import TakenJob


@dataclass(frozen=True)
class _Arrival:
    """A job ready to be queued; `refusal`: why it must fail instead, because its options cannot be used."""

    entry: TakenJob
    refusal: DropdubError | None


class Arrivals:
    """Queues jobs whose files were moved. An error with one job affects no other."""

    def __init__(self, context: Context, endings: Endings, postponed: Postponed) -> None:
        self._context = context
        self._endings = endings
        self._postponed = postponed
        self._defaults: dict[str | None, dict[str, Any]] = {}
        self._defaults_of = context.config

    def take(self, moves: Sequence[Moved], now: float) -> bool:
        """Process move outcomes: queue the jobs, or drop the claims. Return whether any file was moved."""
        jobs = queries.jobs(self._context.store, [moved.job_id for moved in moves])
        arrived: list[_Arrival] = []
        for moved in moves:
            self._postponed.forget(moved.job_id)
            job = jobs.get(moved.job_id)
            if job is None or job.verdict is not None:  # cancelled: its ending finds the files wherever they are
                continue
            try:
                if isinstance(moved.result, Collected):
                    reach("intake.arrival")
                    arrived.append(self._arrival(job, moved.result))
                else:
                    self._not_taken(job, moved, now)
            except Exception as error:  # boundary of one job
                self._fail(job, error, now)
        self._queue(arrived, now)
        return bool(arrived)

    def _not_taken(self, job: Job, moved: Moved, now: float) -> None:
        waits = isinstance(moved.error, Waiting | OSError)
        if moved.error is not None and not waits:
            self._refuse(job, own_error(moved.error, "moving a file", job=job.id))
        elif moved.error is not None:
            self._postponed.put_off(moved.job_id, moved.error, now)
            note("file cannot be moved yet", level=logging.WARNING, job=moved.job_id, text=str(moved.error))
        elif isinstance(moved.result, Absent):
            transitions.vanish_job(self._context.store, moved.job_id, reason=moved.result.reason, now=time.time())

    def _arrival(self, job: Job, collected: Collected) -> _Arrival:
        """Return the queue entry of a job whose files have been moved."""
        taken, refusal, revision = collected.taken, collected.refusal, collected.revision
        overrides = dict(job.overrides) if collected.options is None else collected.options
        try:
            options = self._options(job, revision, overrides)
        except ValidationError as error:
            sidecar = Path(f"{job.name}{SIDECAR_SUFFIX}")
            refusal = BadSidecar(problems(sidecar, None, error, JobOptions, quotes=False))
        if refusal is not None:
            overrides, options = {}, self._context.config.job.model_dump(mode="json")
        entry = TakenJob(
            job_id(job),
            source=str(taken.source),
            sidecar=str(taken.sidecar) if taken.sidecar else None,
            companion=str(taken.companion) if taken.companion else None,
            revision=revision.as_row() if isinstance(revision, Revision) else None,
            overrides=overrides,
            options=options,
            steps=first_steps(warnings=[revision.sentence] if isinstance(revision, FilmGone) else ()),
        )
        return _Arrival(entry, refusal)

    def _queue(self, arrived: Sequence[_Arrival], now: float) -> None:
        """Queue the jobs, and fail those whose options cannot be used."""
        self._take([arrival.entry for arrival in arrived if arrival.refusal is None], now)
        for arrival in arrived:
            if arrival.refusal is not None:
                self._take_refused(arrival.entry, arrival.refusal, now)

    def _take_refused(self, entry: TakenJob, refusal: DropdubError, now: float) -> None:
        job = queries.job(self._context.store, entry.job_id)
        try:
            self._refuse(transitions.take_job(self._context.store, **vars(entry), now=time.time()), refusal)
        except Exception as error:  # boundary of one job
            self._fail(job, error, now)

    def _take(self, entries: Sequence[TakenJob], now: float) -> None:
        """Queue jobs in one transaction or, if that fails, one by one."""
        if not entries:
            return
        try:
            reach("intake.take")
            transitions.take_jobs(self._context.store, entries, now=time.time())
        except Exception as error:  # boundary of one job
            trouble = own_error(error, "queueing jobs", jobs=[entry.job_id for entry in entries[:5]])
            if len(entries) == 1:
                self._fail(queries.job(self._context.store, entries[0].job_id), trouble, now)
            else:
                for entry in entries:
                    self._take([entry], now)

    def _fail(self, job: Job, error: Exception, now: float) -> None:
        """Fail a job that cannot be queued; if even that fails, defer it."""
        trouble = own_error(error, "queueing a job", job=job.id)
        try:
            self._refuse(job, trouble)
        except Exception as again:
            self._postponed.put_off(job_id(job), own_error(again, "failing a job", job=job.id), now)

    def _options(self, job: Job, revision: Revision | FilmGone | None, overrides: dict[str, Any]) -> dict[str, Any]:
        if isinstance(revision, Revision):
            return revision.options.overridden(overrides).model_dump(mode="json")
        if overrides:
            return self._context.config.options_for(job.profile, overrides).model_dump(mode="json")
        if self._defaults_of is not self._context.config:
            self._defaults_of, self._defaults = self._context.config, {}
        if job.profile not in self._defaults:  # resolving takes a millisecond, and thousands of files may arrive
            self._defaults[job.profile] = self._context.config.options_for(job.profile, {}).model_dump(mode="json")
        return self._defaults[job.profile]

    def _refuse(self, job: Job, error: DropdubError) -> None:
        fresh = queries.job(self._context.store, job_id(job))
        self._endings.fail(fresh, reason=error.message, remedy=error.remedy)
