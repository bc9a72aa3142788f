"""From a settled file in the inbox to a queued job: record the intent, move the file, resolve its options."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dropdub.config import read_sidecar
from dropdub.daemon.bringing import brought
from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.endings import Endings
from dropdub.daemon.logs import note
from dropdub.daemon.mover import Moved, Mover
from dropdub.daemon.postponed import Postponed
from dropdub.daemon.revisions import FilmGone, Revision, film_at_work, known_revision, must_wait, revision_of
from dropdub.errors import BadSidecar, DropdubError, Waiting
from dropdub.files import is_folder
from dropdub.inbox.companions import is_subtitle
from dropdub.inbox.scan import Drop, scan
from dropdub.inbox.settle import Settling, is_as_seen
from dropdub.inbox.waiting import new_job
from dropdub.inbox.wanted import Absent, Taken
from dropdub.inbox.watcher import Watcher
from dropdub.pipeline.plan import first_steps
from dropdub.store import queries, transitions
from dropdub.store.tables import Job
from dropdub.store.transitions import TakenJob

BURST_S = 0.1
"""How long files are checked in one turn of the loop before they are recorded; workers are heard after each burst."""
MOST_UNDER_WAY = 25
"""Files recorded and not moved yet. To record more ahead takes none in sooner, and makes turns longer: what was moved
between two turns is queued at once."""
LOOK_AGAIN_S = 0.2
"""At the most, the inbox is scanned this often, however many events there are."""
SCANS_SHARE = 0.1
"""The part of the time that scans may take: one of a share with thousands of files takes seconds."""


@dataclass(frozen=True)
class _Arrival:
    """How a job is queued whose files have been moved; `refusal`: why its options cannot be used, so that it fails."""

    entry: TakenJob
    refusal: BadSidecar | None


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
        self._earliest_scan = self._rescan_due = 0.0
        self._finds: deque[Drop] = deque()
        self._defaults: dict[str | None, dict[str, Any]] = {}
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
        """Look at the inbox if an event came, a file may have settled, or the rescan is due (`now`: monotonic).

        As long as finds of the last look wait there is nothing to look for, whatever events come. The rescan is not
        put off: what was dropped meanwhile beside a file that waits (its options, its subtitle) is to be seen.
        """
        if now >= (self._rescan_due if self._finds else self._scan_due):
            self._look(now)
        self.take_claimed(now)

    def next_due(self, now: float) -> float:
        """Return when (monotonic) the next look is due, or the next burst."""
        if self._finds:
            return now if self._room > 0 else now + LOOK_AGAIN_S
        return self._scan_due

    def look_soon(self) -> None:
        """Have the inbox looked through at the next turn: who knows what was missed."""
        self._dirty = True

    def record_burst(self) -> None:
        """Record jobs for finds of the last look, as many as are checked within `BURST_S`, and have them moved."""
        burst = list(self._burst())
        if not burst:
            return
        jobs = transitions.record_jobs(self._context.store, [new_job(drop) for drop in burst], now=time.time())
        for job in jobs:
            self._context.report(f"{job.name}: taken as job {job.id}")
            note("job recorded", job=job.id, name=job.name, size=job.size, profile=job.profile)
            self._submit(job)

    def take_claimed(self, now: float) -> None:
        """Move the files of recorded intents, also those that an earlier run or a command recorded."""
        if away(self._context, ("work",)) is not None:
            return
        chosen = list(islice(self._claims(now), max(0, self._room)))
        for job in queries.jobs(self._context.store, chosen).values():
            self._submit(job)

    def moved(self, moves: Sequence[Moved], now: float) -> None:
        """Take the outcomes of moves: queue the jobs, or drop the claims."""
        jobs = queries.jobs(self._context.store, [moved.job_id for moved in moves])
        arrived: list[_Arrival] = []
        for moved in moves:
            self._postponed.forget(moved.job_id)
            job = jobs.get(moved.job_id)
            if job is None or job.verdict is not None:  # cancelled meanwhile: its ending finds the files anywhere
                continue
            if isinstance(moved.result, Taken):
                arrived.append(self._arrival(job, moved.result))
            else:
                self._not_taken(job, moved, now)
        self._queue(arrived)
        self._dirty = self._dirty or bool(arrived)  # an event may come late, or never, of what left the inbox

    def _not_taken(self, job: Job, moved: Moved, now: float) -> None:
        if isinstance(moved.error, DropdubError) and not isinstance(moved.error, Waiting):
            self._refuse(job, moved.error)
        elif moved.error is not None:
            self._postponed.put_off(moved.job_id, moved.error, now)
            note("file cannot be taken yet", level=logging.WARNING, job=moved.job_id, text=str(moved.error))
        elif isinstance(moved.result, Absent):
            transitions.vanish_job(self._context.store, moved.job_id, reason=moved.result.reason, now=time.time())

    @property
    def _room(self) -> int:
        """Return how many more files may be on their way."""
        return MOST_UNDER_WAY - self._mover.backlog

    @property
    def _scan_due(self) -> float:
        return max(0.0 if self._dirty else self._next_scan, self._earliest_scan)

    def _claims(self, now: float) -> Iterator[int]:
        """Yield the jobs whose files can be moved now."""
        for one in queries.claiming_jobs(self._context.store):
            waits = self._mover.busy_with(one.id) or self._postponed.is_put_off(one.id, now)
            if self._context.concerns(one.id) and not waits and not self._awaits_film(one):
                yield one.id

    def _awaits_film(self, one: queries.Claiming) -> bool:
        if one.round == 1 or not is_subtitle(one.name):
            return False
        return must_wait(self._context, queries.job(self._context.store, one.id))

    def _submit(self, job: Job) -> None:
        source_dir = self._context.root.job_dir(job_id(job)) / "source"
        self._mover.submit(job_id(job), partial(_bring, self._context, job, source_dir))

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
        began = time.monotonic()
        seen = scan(self._context.root.inbox, ignore=settings.inbox.ignore, profiles=set(settings.profiles))
        self._scan_notes, self._held = seen.notes, []
        self._finds = deque(self._settling.observe(seen.drops, now))
        self._pending = len(seen.drops)
        due = self._settling.next_due(now)
        self._earliest_scan = now + max(LOOK_AGAIN_S, (time.monotonic() - began) / SCANS_SHARE)
        self._rescan_due = max(now + self._rescan_s, self._earliest_scan)
        self._next_scan = self._rescan_due if due is None else min(due, self._rescan_due)

    def _burst(self) -> Iterator[Drop]:
        """Yield finds that can be recorded now, until the time is spent or enough files are on their way."""
        ends_at, room = time.monotonic() + BURST_S, self._room
        while self._finds and room > 0 and time.monotonic() < ends_at:
            drop = self._finds.popleft()
            if self._is_held(drop):
                continue
            if is_as_seen(drop):
                room -= 1
                yield drop
            else:  # it is for the next look to find out what has become of it
                self._dirty = True

    def _is_held(self, drop: Drop) -> bool:
        """Return whether a subtitle came too late for its film, and waits until that is done."""
        name = drop.path.name
        film = film_at_work(self._context, name) if is_subtitle(name) else None
        if film is None:
            return False
        self._held.append(f"{name} waits for its film, job {film.id} ({film.name}).")
        self._pending -= 1
        return True

    def _arrival(self, job: Job, taken: Taken) -> _Arrival:
        """Return how a job is queued whose files have been moved."""
        revision = self._revision(job, taken.source)
        refusal = None
        try:
            overrides = read_sidecar(taken.sidecar) if taken.sidecar else dict(job.overrides)
            options = self._options(job, revision, overrides)
        except (BadSidecar, ValidationError) as error:
            overrides, options = {}, self._context.config.job.model_dump(mode="json")
            refusal = error if isinstance(error, BadSidecar) else BadSidecar(str(error))
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

    def _queue(self, arrived: Sequence[_Arrival]) -> None:
        """Queue jobs whose files have been moved, and fail those whose options cannot be used."""
        good = [one.entry for one in arrived if one.refusal is None]
        if good:
            transitions.take_jobs(self._context.store, good, now=time.time())
        for one in arrived:
            if one.refusal is not None:
                job = transitions.take_job(self._context.store, **vars(one.entry), now=time.time())
                self._refuse(job, one.refusal)

    def _revision(self, job: Job, source: Path) -> Revision | FilmGone | None:
        if not is_subtitle(job.name):
            return None
        known = known_revision(self._context, job) if job.round > 1 else None
        return known or revision_of(self._context, job, source)

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


def _bring(context: Context, job: Job, source_dir: Path) -> Taken | Absent:
    """Move (of a given file: copy) what the job was recorded for.

    Raises Waiting if it is not to be found because the share that it lies on is away.
    """
    context.refuse_away("work")
    taken = brought(context, job, source_dir)
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
