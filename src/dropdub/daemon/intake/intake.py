"""Record a job for each settled file in the inbox and have the file moved; `arrival` then queues the job."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from dropdub.daemon.context import Context, away, job_id, shown_name
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.intake.arrival import Arrivals
from dropdub.daemon.intake.bystanders import came_with_recording, notes_on_unfinished, notes_on_unused
from dropdub.daemon.intake.collection import collect
from dropdub.daemon.intake.emptied import EmptiedFolders
from dropdub.daemon.intake.revisions import film_at_work, must_wait
from dropdub.daemon.isolation import own_error
from dropdub.daemon.logs import note
from dropdub.daemon.mover import Moved, Mover
from dropdub.daemon.postponed import Postponed
from dropdub.daemon.steps.fairness import in_turns
from dropdub.errors import DropdubError
from dropdub.failpoints import reach
from dropdub.inbox.named_files import new_job
from dropdub.inbox.scan import Drop, Scan, scan
from dropdub.inbox.settle import Settling, is_as_seen
from dropdub.inbox.subtitle_folders import with_subtitle_folders
from dropdub.inbox.watcher import Watcher
from dropdub.store import queries, transitions
from dropdub.store.tables import Job
from dropdub.subtitles.timed_texts import TimedTexts

BURST_S = 0.1
"""How long found files are checked per turn of the loop; worker events are handled after each burst."""
MOST_UNDER_WAY = 25
"""Maximum number of files recorded but not moved yet. Recording more ahead would speed up nothing and lengthen turns,
because all files moved between two turns are queued in the next one."""
LOOK_AGAIN_S = 0.2
"""Shortest interval between scans of the inbox, however many events arrive."""
SCANS_SHARE = 0.1
"""Share of the time that scans may take: scanning a share with thousands of files takes seconds."""


class Intake:
    """Finds settled files, records a job for each, and moves the file into the job's work folder."""

    def __init__(self, context: Context, mover: Mover, endings: Endings, wake: Callable[[], None]) -> None:
        self._context = context
        self._mover = mover
        settings = context.config.inbox
        self._settling = Settling(
            settings.settle, settings.settle_empty, settings.settle_subtitle, settings.settle_download
        )
        self._watcher = Watcher(context.root.inbox, settings, self._on_event)
        self._wake = wake
        self._emptied = [
            EmptiedFolders(context.root.inbox, profiles=context.config.profiles, wait_s=settings.settle_empty),
            EmptiedFolders(context.root.failed, wait_s=settings.settle_empty),
        ]
        self._timed_texts = TimedTexts()
        self._dirty = True
        self._next_scan = 0.0
        self._earliest_scan = self._rescan_due = 0.0
        self._finds: deque[Drop] = deque()
        self._postponed = Postponed()
        self._unrecorded = Postponed()
        self._arrivals = Arrivals(context, endings, self._postponed)
        self._scan_notes: list[str] = []
        self._held: list[str] = []
        self._unused: list[Path] = []
        self._watch_notes: list[str] = []
        self._pending = 0

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator about the inbox and its watcher."""
        unused = notes_on_unused(self._unused, inbox=self._context.root.inbox)
        own = [*self._watch_notes, *self._scan_notes, *self._held, *unused]
        return [*own, *self._unrecorded.notes, *self._postponed.notes]

    @property
    def has_files(self) -> bool:
        """Return whether the last scan found a file to take, even if it has not settled yet."""
        return self._pending > 0

    @property
    def idle(self) -> bool:
        """Return whether the last scan found no file to take, and no event has arrived since."""
        return self._pending == 0 and not self._dirty

    def start(self) -> None:
        self._watcher.start()
        self._note_taken_before()

    def stop(self) -> None:
        self._watcher.stop()
        for emptied in self._emptied:
            emptied.finish(wait_s=self._context.config.inbox.settle)

    def tick(self, now: float) -> None:
        """Scan the inbox if an event arrived, a file may have settled, or the rescan is due (`now`: monotonic seconds).

        While files found by the last scan are still queued, events trigger no new scan. The periodic rescan still
        happens, to find a sidecar or subtitle dropped meanwhile next to a queued file.
        """
        if now >= (self._rescan_due if self._finds else self._scan_due):
            self._scan(now)
        self.take_claimed(now)
        for emptied in self._emptied:
            emptied.tick(now)

    def next_due(self, now: float) -> float:
        """Return when the next scan or burst is due, in monotonic seconds."""
        if self._finds:
            return now if self._room > 0 else now + LOOK_AGAIN_S
        return min([self._scan_due, *(emptied.next_due for emptied in self._emptied)])

    def retry_due(self, now: float) -> float:
        """Return when to try again to move a file that could not be moved, in monotonic seconds."""
        return self._postponed.next_due(now)

    def look_soon(self) -> None:
        """Scan the inbox in the next turn: events may have been missed, or a file may no longer have to wait."""
        self._dirty = True

    def record_burst(self) -> None:
        """Record jobs for found files, as many as can be checked within `BURST_S`, and have the files moved."""
        for job in self._recorded(list(self._burst())):
            self._context.report(f"{shown_name(job)}: picked up as job {job.id}")
            note("job recorded", job=job.id, name=job.name, size=job.size, profile=job.profile)
            self._submit(job)

    def _recorded(self, drops: Sequence[Drop]) -> list[Job]:
        """Record jobs for files and return them; a file that cannot be recorded is deferred and blocks no other."""
        if not drops:
            return []
        try:
            reach("intake.record")
            return transitions.record_jobs(self._context.store, [new_job(drop) for drop in drops], now=time.time())
        except Exception as error:  # boundary of one file
            trouble = own_error(error, "recording a file", paths=[str(drop.path) for drop in drops[:5]])
            if len(drops) == 1:
                self._defer(drops[0], trouble)
                return []
        return [job for drop in drops for job in self._recorded([drop])]

    def _defer(self, drop: Drop, error: DropdubError) -> None:
        """Defer a file that could not be recorded."""
        self._unrecorded.put_off(drop.path, error, time.monotonic())
        self._pending -= 1

    def take_claimed(self, now: float) -> None:
        """Move the files of recorded jobs, including those recorded by an earlier run or a command."""
        if away(self._context, ("work",)) is not None:
            return
        chosen = list(islice(self._claims(now), max(0, self._room)))
        for job in queries.jobs(self._context.store, chosen).values():
            self._submit(job)

    def moved(self, moves: Sequence[Moved], now: float) -> None:
        """Process move outcomes: queue the jobs, or drop the claims."""
        if self._arrivals.take(moves, now):
            self._dirty = True  # events for files that left the inbox may be late or missing

    @property
    def _room(self) -> int:
        """Return how many more files may be recorded and moved now."""
        return MOST_UNDER_WAY - self._mover.backlog

    @property
    def _scan_due(self) -> float:
        return max(0.0 if self._dirty else self._next_scan, self._earliest_scan)

    def _claims(self, now: float) -> Iterator[int]:
        """Yield the jobs whose files can be moved now."""
        for job in queries.claiming_jobs(self._context.store):
            waits = self._mover.busy_with(job.id) or self._postponed.is_put_off(job.id, now)
            if self._context.concerns(job.id) and not waits and not self._awaits_film(job):
                yield job.id

    def _awaits_film(self, job: queries.Claiming) -> bool:
        if job.round == 1:
            return False
        try:
            return must_wait(self._context, queries.job(self._context.store, job.id))
        except Exception as error:  # boundary of one job
            trouble = own_error(error, "looking for a subtitle's recording", job=job.id)
            self._postponed.put_off(job.id, trouble, time.monotonic())
            return True

    def _submit(self, job: Job) -> None:
        source_dir = self._context.root.job_dir(job_id(job)) / "source"
        for path in filter(None, (job.source, job.companion)):
            self._note_taken_from(Path(path).parent)
        self._mover.submit(job_id(job), partial(collect, self._context, job, source_dir), of=(job.owner, job.folder))

    def _note_taken_from(self, folder: Path) -> None:
        for emptied in self._emptied:
            emptied.taken_from(folder, time.monotonic())

    def _note_taken_before(self) -> None:
        """Note the folders that a run took files from which was killed before it removed them."""
        store, inbox, now = self._context.store, self._context.root.inbox, time.monotonic()
        for job in queries.unfinished_jobs(store):
            for place in with_subtitle_folders(inbox / (job.folder or "")):
                self._note_taken_from(place)
        for folder, ended_at in queries.folders_of_ended(store).items():
            for place in with_subtitle_folders(inbox / folder):
                self._emptied[0].taken_from_before(place, now, ended_at=ended_at)

    @property
    def _rescan_s(self) -> float:
        return self._context.config.inbox.rescan

    def _on_event(self) -> None:
        self._dirty = True
        self._wake()

    def _scan(self, now: float) -> None:
        self._dirty = False
        self._watch_notes = self._watcher.check()
        settings = self._context.config
        began = time.monotonic()
        seen = scan(
            self._context.root.inbox,
            ignore=settings.inbox.ignore,
            profiles=set(settings.profiles),
            with_sidecars=self._context.sidecar_limits.policy != "none",
            languages=(settings.job.language, "en"),
            holds_subtitles=self._timed_texts,
        )
        settled = self._settling.observe(seen.drops, now)
        waiting = [drop for drop in self._settling.in_downloads() if drop not in settled]
        known = [drop for drop in waiting if came_with_recording(self._context, drop)]
        self._scan_notes, self._held = [*seen.notes, *self._on_unfinished(seen, waiting, known)], []
        self._unused = [*seen.unused, *(drop.path for drop in known)]
        self._finds = deque(in_turns(settled, lambda drop: (drop.owner, drop.folder)))
        self._pending = len(seen.drops) - len(waiting)
        self._unrecorded.keep(drop.path for drop in seen.drops)
        due = self._settling.next_due(now)
        self._earliest_scan = now + max(LOOK_AGAIN_S, (time.monotonic() - began) / SCANS_SHARE)
        self._rescan_due = max(now + self._rescan_s, self._earliest_scan)
        self._next_scan = self._rescan_due if due is None else min(due, self._rescan_due)

    def _on_unfinished(self, seen: Scan, waiting: Sequence[Drop], known: Sequence[Drop]) -> list[str]:
        settings, inbox = self._context.config.inbox, self._context.root.inbox
        parts = [drop for drop in waiting if drop not in known]
        return notes_on_unfinished(seen.unfinished, parts, inbox=inbox, wait_s=settings.settle_download)

    def _burst(self) -> Iterator[Drop]:
        """Yield found files that can be recorded now, until the time is up or enough moves are pending."""
        ends_at, room = time.monotonic() + BURST_S, self._room
        while self._finds and room > 0 and time.monotonic() < ends_at:
            drop = self._finds.popleft()
            try:
                is_ready = not self._is_held(drop) and self._is_as_seen(drop)
            except Exception as error:  # boundary of one file
                self._defer(drop, own_error(error, "checking a file", path=str(drop.path)))
                continue
            if is_ready:
                room -= 1
                yield drop

    def _is_as_seen(self, drop: Drop) -> bool:
        """Return whether a file is unchanged since the scan; if not, request another scan."""
        reach("intake.look")
        as_seen = is_as_seen(drop)
        self._dirty = self._dirty or not as_seen
        return as_seen

    def _is_held(self, drop: Drop) -> bool:
        """Return whether a file must wait or stay: it was deferred, or belongs to a recording that was taken."""
        name = drop.path.name
        if self._unrecorded.is_put_off(drop.path, time.monotonic()):
            self._pending -= 1
            return True
        if came_with_recording(self._context, drop):
            self._unused.append(drop.path)
            self._pending -= 1
            return True
        film = film_at_work(self._context, name, owner=drop.owner, folder=drop.folder) if drop.is_subtitle else None
        if film is None:
            return False
        self._held.append(f"{name} is waiting for its recording, job {film.id} ({film.name}).")
        self._pending -= 1
        return True
