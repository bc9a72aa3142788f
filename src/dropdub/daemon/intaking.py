"""From a settled file in the inbox to a queued job: record the intent, move the file, resolve its options."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dropdub.config import JobOptions, read_sidecar
from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.endings import Endings
from dropdub.daemon.logs import note
from dropdub.daemon.mover import Moved, Mover
from dropdub.daemon.postponed import Postponed
from dropdub.daemon.revisions import FilmGone, Revision, film_at_work, known_revision, must_wait, revision_of
from dropdub.errors import BadSidecar, DropdubError, TransitionRefused, Waiting
from dropdub.files import is_folder, safe_name
from dropdub.inbox.companions import is_subtitle
from dropdub.inbox.identity import Identity, identity
from dropdub.inbox.intake import Absent, Taken, Wanted, bring_in, remove_error_note
from dropdub.inbox.scan import Drop, scan
from dropdub.inbox.settle import Settling, still_written
from dropdub.inbox.watcher import Watcher
from dropdub.pipeline.plan import first_steps
from dropdub.store import queries, transitions
from dropdub.store.states import JobState
from dropdub.store.tables import Job

MOST_AT_ONCE = 25
"""Files recorded in one turn of the loop, so that a drop of thousands does not keep it from its other work."""
LOOK_AGAIN_S = 0.2
"""At the most, the inbox is scanned this often, however many events there are."""


class Intake:
    """Finds settled files, records a job for each, and takes the file into the job's work folder."""

    def __init__(self, context: Context, mover: Mover, endings: Endings, wake: Callable[[], None]) -> None:
        self._context = context
        self._mover = mover
        self._endings = endings
        settings = context.config.inbox
        self._settling = Settling(settings.settle, settings.settle_empty, settings.settle_subtitle)
        self._watcher = Watcher(context.root.inbox, settings, self._heard)
        self._wake = wake
        self._dirty = True
        self._next_scan = 0.0
        self._postponed = Postponed()
        self._scan_notes: list[str] = []
        self._held: list[str] = []
        self._watch_notes: list[str] = []
        self._pending = 0

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know about inbox and watching."""
        return [*self._watch_notes, *self._scan_notes, *self._held, *self._postponed.notes]

    @property
    def idle(self) -> bool:
        """Return whether the inbox, as last seen, has nothing that will be taken, and no event came since."""
        return self._pending == 0 and not self._dirty

    def start(self) -> None:
        self._watcher.start()

    def stop(self) -> None:
        self._watcher.stop()

    def look_again(self) -> None:
        """Look at the inbox soon: a job has ended that a subtitle may wait for."""
        self._dirty = True

    def tick(self, now: float) -> None:
        """Look at the inbox if an event came, a file may have settled, or the rescan is due (`now`: monotonic)."""
        if now >= self._next_scan or (self._dirty and now >= self._next_scan - self._rescan_s + LOOK_AGAIN_S):
            self._look(now)
        self.take_claimed(now)

    def next_due(self, now: float) -> float:
        """Return when (monotonic) the next look is due."""
        return min(self._next_scan, now + LOOK_AGAIN_S) if self._dirty else self._next_scan

    def look_soon(self) -> None:
        """Have the inbox looked through at the next turn: who knows what was missed."""
        self._dirty = True

    def take_claimed(self, now: float) -> None:
        """Move the files of recorded intents, also those that an earlier run or a command recorded."""
        if away(self._context, ("work",)) is not None:
            return
        for job in queries.unfinished_jobs(self._context.store, (JobState.CLAIMING,)):
            id_ = job_id(job)
            waits = self._mover.busy_with(id_) or self._postponed.is_put_off(id_, now)
            waits = waits or (job.round > 1 and is_subtitle(job.name) and must_wait(self._context, job))
            if self._context.concerns(id_) and not waits and job.verdict is None:  # else it was cancelled: it ends
                source_dir = self._context.root.job_dir(id_) / "source"
                self._mover.submit(id_, partial(_bring, self._context, job, source_dir))

    def moved(self, moved: Moved, now: float) -> None:
        """Take the outcome of a move: queue the job, or drop the claim."""
        job = queries.job(self._context.store, moved.job_id)
        self._postponed.forget(moved.job_id)
        if job.verdict is not None:  # it was cancelled meanwhile: its ending finds the files wherever they are
            return
        if isinstance(moved.error, DropdubError) and not isinstance(moved.error, Waiting):
            self._refuse(job, moved.error)
        elif moved.error is not None:
            self._postponed.put_off(moved.job_id, moved.error, now)
            note("file cannot be taken yet", level=logging.WARNING, job=moved.job_id, text=str(moved.error))
        elif isinstance(moved.result, Absent):
            transitions.vanish_job(self._context.store, moved.job_id, reason=moved.result.reason, now=time.time())
        elif isinstance(moved.result, Taken):
            self._taken(job, moved.result)

    @property
    def _rescan_s(self) -> float:
        return self._context.config.inbox.rescan

    def _heard(self) -> None:
        self._dirty = True
        self._wake()

    def _look(self, now: float) -> None:
        self._dirty = False
        self._watch_notes = self._watcher.check()
        settings = self._context.config
        seen = scan(self._context.root.inbox, ignore=settings.inbox.ignore, profiles=set(settings.profiles))
        self._scan_notes = seen.notes
        settled = self._settling.observe(seen.drops, now)
        ready = self._without_held(settled)
        self._pending = len(seen.drops) - len(self._held)
        for drop in ready:
            self._record(drop)
        due = self._settling.next_due(now)
        soon = now + LOOK_AGAIN_S if ready else now + self._rescan_s
        self._next_scan = min(soon, due if due is not None else soon)

    def _without_held(self, settled: Sequence[Drop]) -> list[Drop]:
        """Return what is taken now: a subtitle that came too late for its film waits until that is done."""
        ready: list[Drop] = []
        self._held = []
        for drop in settled:
            name = drop.path.name
            film = film_at_work(self._context, name) if is_subtitle(name) else None
            if film is None:
                ready.append(drop)
            else:
                self._held.append(f"{name} waits for its film, job {film.id} ({film.name}).")
            if len(ready) == MOST_AT_ONCE:
                break
        return ready

    def _record(self, drop: Drop) -> None:
        if still_written(drop.path) or (drop.companion and still_written(drop.companion)):
            return
        try:
            job = transitions.record_job(
                self._context.store,
                name=safe_name(drop.path.name),
                source=str(drop.path),
                sidecar=str(drop.sidecar) if drop.sidecar else None,
                companion=str(drop.companion) if drop.companion else None,
                device=drop.device,
                inode=drop.inode,
                size=drop.size,
                mtime_ns=drop.mtime_ns,
                profile=drop.profile,
                now=time.time(),
            )
        except TransitionRefused:  # its claim is being worked on; the file is still to be moved
            return
        self._context.report(f"{job.name}: taken as job {job.id}")
        note("job recorded", job=job.id, name=job.name, size=job.size, profile=job.profile)

    def _taken(self, job: Job, taken: Taken) -> None:
        revision = self._revision(job, taken.source)
        try:
            overrides = read_sidecar(taken.sidecar) if taken.sidecar else dict(job.overrides)
            options, refusal = self._options(job, revision, overrides), None
        except (BadSidecar, ValidationError) as error:
            overrides, options = {}, self._context.config.job
            refusal = error if isinstance(error, BadSidecar) else BadSidecar(str(error))
        self._queue(job, taken, overrides, options, revision)
        if refusal is not None:
            self._refuse(job, refusal)

    def _revision(self, job: Job, source: Path) -> Revision | FilmGone | None:
        if not is_subtitle(job.name):
            return None
        known = known_revision(self._context, job) if job.round > 1 else None
        return known or revision_of(self._context, job, source)

    def _options(self, job: Job, revision: Revision | FilmGone | None, overrides: dict[str, Any]) -> JobOptions:
        if isinstance(revision, Revision):
            return revision.options.overridden(overrides)
        return self._context.config.options_for(job.profile, overrides)

    def _queue(
        self,
        job: Job,
        taken: Taken,
        overrides: dict[str, Any],
        options: JobOptions,
        revision: Revision | FilmGone | None,
    ) -> None:
        transitions.take_job(
            self._context.store,
            job_id(job),
            source=str(taken.source),
            sidecar=str(taken.sidecar) if taken.sidecar else None,
            companion=str(taken.companion) if taken.companion else None,
            revision=revision.as_row() if isinstance(revision, Revision) else None,
            overrides=overrides,
            options=options.model_dump(mode="json"),
            steps=first_steps(warnings=[revision.sentence] if isinstance(revision, FilmGone) else ()),
            now=time.time(),
        )

    def _refuse(self, job: Job, error: DropdubError) -> None:
        fresh = queries.job(self._context.store, job_id(job))
        self._endings.fail(fresh, reason=error.message, remedy=error.remedy)


def _bring(context: Context, job: Job, source_dir: Path) -> Taken | Absent:
    """Move (of a given file: copy) what the job was recorded for.

    Raises Waiting if it is not to be found because the share that it lies on is away.
    """
    context.refuse_away("work")
    taken = _brought(job, source_dir)
    if _lacks(taken, job):
        _refuse_away_share(context, Path(job.source))
    return taken


def _refuse_away_share(context: Context, path: Path) -> None:
    """Raise Waiting if the folder that an original comes from, which may lie on a share, is away."""
    for name, folder in (("inbox", context.root.inbox), ("failed", context.root.failed)):
        if path.is_relative_to(folder):
            context.refuse_away(name)
            if not is_folder(folder):
                raise Waiting(f"{folder} is not there.", condition="inbox", remedy="Connect the share.")


def _lacks(taken: Taken | Absent, job: Job) -> bool:
    """Return whether anything of what was recorded was not found."""
    if isinstance(taken, Absent):
        return True
    return bool((job.sidecar and not taken.sidecar) or (job.companion and not taken.companion))


def _brought(job: Job, source_dir: Path) -> Taken | Absent:
    sidecar = Path(job.sidecar) if job.sidecar else None
    companion = Path(job.companion) if job.companion else None
    if job.origin == "given":
        return bring_in(Wanted(Path(job.source), job.name), source_dir)
    expected = _seen(job) if job.round == 1 else _again(job)
    taken = bring_in(Wanted(Path(job.source), job.name, expected, sidecar, companion), source_dir)
    if job.round > 1 and isinstance(taken, Taken):
        remove_error_note(Path(job.source))
    return taken


def _seen(job: Job) -> Identity:
    """Return how the file looked when its intent was recorded."""
    return Identity(job.device or 0, job.inode or "", job.size or 0, job.mtime_ns or 0)


def _again(job: Job) -> Identity:
    """Return what a retry takes: the original as it is now, which a person may have mended."""
    path = Path(job.source)
    return identity(path) if path.exists() else _seen(job)
