"""From a file that was moved to a queued job: resolve its options, plan its first steps, or say why it fails."""

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
from dropdub.daemon.boundary import own_error
from dropdub.daemon.context import Context, job_id
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.intake.collection import Brought
from dropdub.daemon.intake.revisions import FilmGone, Revision
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
    """How a job is queued whose files have been moved; `refusal`: why its options cannot be used, so that it fails."""

    entry: TakenJob
    refusal: DropdubError | None


class Arrivals:
    """Queues jobs whose files were moved. What goes wrong with one of them is that one's."""

    def __init__(self, context: Context, endings: Endings, postponed: Postponed) -> None:
        self._context = context
        self._endings = endings
        self._postponed = postponed
        self._defaults: dict[str | None, dict[str, Any]] = {}

    def take(self, moves: Sequence[Moved], now: float) -> bool:
        """Take the outcomes of moves: queue the jobs, or drop the claims. Returns whether any file was moved."""
        jobs = queries.jobs(self._context.store, [moved.job_id for moved in moves])
        arrived: list[_Arrival] = []
        for moved in moves:
            self._postponed.forget(moved.job_id)
            job = jobs.get(moved.job_id)
            if job is None or job.verdict is not None:  # cancelled meanwhile: its ending finds the files anywhere
                continue
            try:
                if isinstance(moved.result, Brought):
                    reach("intake.arrival")
                    arrived.append(self._arrival(job, moved.result))
                else:
                    self._not_taken(job, moved, now)
            except Exception as error:  # the boundary of one job
                self._fail(job, error, now)
        self._queue(arrived, now)
        return bool(arrived)

    def _not_taken(self, job: Job, moved: Moved, now: float) -> None:
        waits = isinstance(moved.error, Waiting | OSError)
        if moved.error is not None and not waits:
            self._refuse(job, own_error(moved.error, "moving a file", job=job.id))
        elif moved.error is not None:
            self._postponed.put_off(moved.job_id, moved.error, now)
            note("file cannot be taken yet", level=logging.WARNING, job=moved.job_id, text=str(moved.error))
        elif isinstance(moved.result, Absent):
            transitions.vanish_job(self._context.store, moved.job_id, reason=moved.result.reason, now=time.time())

    def _arrival(self, job: Job, brought: Brought) -> _Arrival:
        """Return how a job is queued whose files have been moved."""
        taken, refusal, revision = brought.taken, brought.refusal, brought.revision
        overrides = dict(job.overrides) if brought.options is None else brought.options
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
        """Queue jobs whose files have been moved, and fail those whose options cannot be used."""
        self._take([one.entry for one in arrived if one.refusal is None], now)
        for one in arrived:
            if one.refusal is not None:
                self._take_refused(one.entry, one.refusal, now)

    def _take_refused(self, entry: TakenJob, refusal: DropdubError, now: float) -> None:
        job = queries.job(self._context.store, entry.job_id)
        try:
            self._refuse(transitions.take_job(self._context.store, **vars(entry), now=time.time()), refusal)
        except Exception as error:  # the boundary of one job
            self._fail(job, error, now)

    def _take(self, entries: Sequence[TakenJob], now: float) -> None:
        """Queue jobs, all at once, or if something is wrong with one, each by itself."""
        if not entries:
            return
        try:
            reach("intake.take")
            transitions.take_jobs(self._context.store, entries, now=time.time())
        except Exception as error:  # the boundary of one job
            trouble = own_error(error, "queueing jobs", jobs=[entry.job_id for entry in entries[:5]])
            if len(entries) == 1:
                self._fail(queries.job(self._context.store, entries[0].job_id), trouble, now)
            else:
                for entry in entries:
                    self._take([entry], now)

    def _fail(self, job: Job, error: Exception, now: float) -> None:
        """Fail a job that cannot be taken in, or if not even that can be done now, put it off."""
        trouble = own_error(error, "taking a file in", job=job.id)
        try:
            self._refuse(job, trouble)
        except Exception as again:
            self._postponed.put_off(job_id(job), own_error(again, "failing a job", job=job.id), now)

    def _options(self, job: Job, revision: Revision | FilmGone | None, overrides: dict[str, Any]) -> dict[str, Any]:
        if isinstance(revision, Revision):
            return revision.options.overridden(overrides).model_dump(mode="json")
        if overrides:
            return self._context.config.options_for(job.profile, overrides).model_dump(mode="json")
        if job.profile not in self._defaults:  # the settings are those of the start: each profile is resolved once
            self._defaults[job.profile] = self._context.config.options_for(job.profile, {}).model_dump(mode="json")
        return self._defaults[job.profile]

    def _refuse(self, job: Job, error: DropdubError) -> None:
        fresh = queries.job(self._context.store, job_id(job))
        self._endings.fail(fresh, reason=error.message, remedy=error.remedy)
