"""From a settled file in the inbox to a recorded job, whose file is moved: see `arriving` for what comes then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from dropdub.daemon.boundary import own_error
from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.intake.arrival import Arrivals
from dropdub.daemon.intake.collection import brought
from dropdub.daemon.intake.revisions import (
    film_at_work,
    must_wait,
)
from dropdub.daemon.logs import note
from dropdub.daemon.mover import Moved, Mover
from dropdub.daemon.postponed import Postponed
from dropdub.daemon.steps.fairness import in_turns
from dropdub.errors import DropdubError
from dropdub.failpoints import reach
from dropdub.inbox.companions import is_subtitle
from dropdub.inbox.named_files import new_job
from dropdub.inbox.scan import Drop, scan
from dropdub.inbox.settle import Settling, is_as_seen
from dropdub.inbox.watcher import Watcher
from dropdub.store import queries, transitions
from dropdub.store.tables import Job

BURST_S = 0.1
"""How long files are checked in one turn of the loop before they are recorded; workers are heard after each burst."""
MOST_UNDER_WAY = 25
"""Files recorded and not moved yet. To record more ahead takes none in sooner, and makes turns longer: what was moved
between two turns is queued at once."""
LOOK_AGAIN_S = 0.2
"""At the most, the inbox is scanned this often, however many events there are."""
SCANS_SHARE = 0.1
"""The part of the time that scans may take: one of a share with thousands of files takes seconds."""


class Intake:
    """Finds settled files, records a job for each, and takes the file into the job's work folder."""

    def __init__(self, context: Context, mover: Mover, endings: Endings, wake: Callable[[], None]) -> None:
        self._context = context
        self._mover = mover
        settings = context.config.inbox
        self._settling = Settling(settings.settle, settings.settle_empty, settings.settle_subtitle)
        self._watcher = Watcher(context.root.inbox, settings, self._heard)
        self._wake = wake
        self._dirty = True
        self._next_scan = 0.0
        self._earliest_scan = self._rescan_due = 0.0
        self._finds: deque[Drop] = deque()
        self._postponed = Postponed()
        self._left = Postponed()
        self._arrivals = Arrivals(context, endings, self._postponed)
        self._scan_notes: list[str] = []
        self._held: list[str] = []
        self._watch_notes: list[str] = []
        self._pending = 0

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know about inbox and watching."""
        return [*self._watch_notes, *self._scan_notes, *self._held, *self._left.notes, *self._postponed.notes]

    @property
    def idle(self) -> bool:
        """Return whether the inbox, as last seen, has nothing that will be taken, and no event came since."""
        return self._pending == 0 and not self._dirty

    def start(self) -> None:
        self._watcher.start()

    def stop(self) -> None:
        self._watcher.stop()

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
        """Have the inbox looked through at the next turn: something was missed, or may no longer have to wait."""
        self._dirty = True

    def record_burst(self) -> None:
        """Record jobs for finds of the last look, as many as are checked within `BURST_S`, and have them moved."""
        for job in self._recorded(list(self._burst())):
            self._context.report(f"{job.name}: taken as job {job.id}")
            note("job recorded", job=job.id, name=job.name, size=job.size, profile=job.profile)
            self._submit(job)

    def _recorded(self, drops: Sequence[Drop]) -> list[Job]:
        """Record jobs for files, and return them; a file that cannot be recorded stays, and holds no other up."""
        if not drops:
            return []
        try:
            reach("intake.record")
            return transitions.record_jobs(self._context.store, [new_job(drop) for drop in drops], now=time.time())
        except Exception as error:  # the boundary of one file
            trouble = own_error(error, "recording a file", paths=[str(drop.path) for drop in drops[:5]])
            if len(drops) == 1:
                self._leave(drops[0], trouble)
                return []
        return [job for drop in drops for job in self._recorded([drop])]

    def _leave(self, drop: Drop, error: DropdubError) -> None:
        """Leave a file for a while that cannot even be recorded."""
        self._left.put_off(drop.path, error, time.monotonic())
        self._pending -= 1

    def take_claimed(self, now: float) -> None:
        """Move the files of recorded intents, also those that an earlier run or a command recorded."""
        if away(self._context, ("work",)) is not None:
            return
        chosen = list(islice(self._claims(now), max(0, self._room)))
        for job in queries.jobs(self._context.store, chosen).values():
            self._submit(job)

    def moved(self, moves: Sequence[Moved], now: float) -> None:
        """Take the outcomes of moves: queue the jobs, or drop the claims."""
        if self._arrivals.take(moves, now):
            self._dirty = True  # an event may come late, or never, of what left the inbox

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
        try:
            return must_wait(self._context, queries.job(self._context.store, one.id))
        except Exception as error:  # the boundary of one job
            trouble = own_error(error, "looking for a subtitle's film", job=one.id)
            self._postponed.put_off(one.id, trouble, time.monotonic())
            return True

    def _submit(self, job: Job) -> None:
        source_dir = self._context.root.job_dir(job_id(job)) / "source"
        self._mover.submit(job_id(job), partial(brought, self._context, job, source_dir), of=(job.owner, job.folder))

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
        seen = scan(
            self._context.root.inbox,
            ignore=settings.inbox.ignore,
            profiles=set(settings.profiles),
            with_sidecars=self._context.steering.policy != "none",
        )
        self._scan_notes, self._held = seen.notes, []
        self._finds = deque(in_turns(self._settling.observe(seen.drops, now), lambda drop: (drop.owner, drop.folder)))
        self._pending = len(seen.drops)
        self._left.keep(drop.path for drop in seen.drops)
        due = self._settling.next_due(now)
        self._earliest_scan = now + max(LOOK_AGAIN_S, (time.monotonic() - began) / SCANS_SHARE)
        self._rescan_due = max(now + self._rescan_s, self._earliest_scan)
        self._next_scan = self._rescan_due if due is None else min(due, self._rescan_due)

    def _burst(self) -> Iterator[Drop]:
        """Yield finds that can be recorded now, until the time is spent or enough files are on their way."""
        ends_at, room = time.monotonic() + BURST_S, self._room
        while self._finds and room > 0 and time.monotonic() < ends_at:
            drop = self._finds.popleft()
            try:
                is_ready = not self._is_held(drop) and self._is_as_seen(drop)
            except Exception as error:  # the boundary of one file
                self._leave(drop, own_error(error, "looking at a file", path=str(drop.path)))
                continue
            if is_ready:
                room -= 1
                yield drop

    def _is_as_seen(self, drop: Drop) -> bool:
        """Return whether a file is as it was; else it is for the next look to find out what has become of it."""
        reach("intake.look")
        as_seen = is_as_seen(drop)
        self._dirty = self._dirty or not as_seen
        return as_seen

    def _is_held(self, drop: Drop) -> bool:
        """Return whether a file waits: it was put off, or is a subtitle that came too late for its film."""
        name = drop.path.name
        if self._left.is_put_off(drop.path, time.monotonic()):
            self._pending -= 1
            return True
        film = film_at_work(self._context, name, owner=drop.owner) if is_subtitle(name) else None
        if film is None:
            return False
        self._held.append(f"{name} waits for its film, job {film.id} ({film.name}).")
        self._pending -= 1
        return True
