"""Read the views that commands show."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dropdub.store.states import ENDED, JobState
from dropdub.store.views.answers import (
    AnswerView,
    BatchEntry,
    Load,
    WorkTime,
    answer_view,
    batch_entries,
    last_engines,
    load,
    step_results,
    work_times,
)
from dropdub.store.views.at_work import (
    JobChoice,
    RunningStep,
    RunView,
    WaitingJob,
    choice_of,
    running_steps,
    runs,
    waiting_for,
)
from dropdub.store.views.build import AT_WORK, Work, daemon_view, event_view, job_view, step_view
from dropdub.store.views.feed import FeedView, happened, last_event
from dropdub.store.views.films import FilmView, film_view
from dropdub.store.views.find import find_job
from dropdub.store.views.listing import Chosen, Listing, error_classes, in_order, recorded_states
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows, decoded, listed, snapshot
from dropdub.store.views.shapes import (
    DaemonView,
    EventView,
    JobRecord,
    JobView,
    PageView,
    PrunedJob,
    StatusView,
    StepView,
)
from dropdub.store.views.voices import jobs_with_voice

_STEP_COLUMNS = "id, job_id, round, key, stage, phase, target, state, attempts, scheduled_at, progress, error"
_NO_LIMIT = 2**62
_NO_JOBS = dict.fromkeys(map(str, JobState), 0)


def open_reader(url: str, *, backups: Path | None = None) -> Reader:
    """Return a reader of the database at `url`, which need not exist yet. Nothing is kept open.

    `backups` is the folder of the database's backups; if the database is damaged, the error names the newest.
    """
    return Reader(url, backups)


class Reader:
    """Reads a database, each result from a single snapshot. All methods may raise StoreError."""

    def __init__(self, url: str, backups: Path | None = None) -> None:
        self._snapshot = partial(snapshot, url, backups=backups)

    def status(
        self, *, now: float, states: Sequence[str] | None = None, limit: int | None = 20, asked: bool = False
    ) -> StatusView:
        """Return what `dropdub status` shows: at most `limit` jobs, in `states` if given. Counts cover all jobs.

        `asked`: also what only answers a client, such as a text that is spoken.
        """
        with self._snapshot() as rows:
            if rows is None:
                return StatusView(daemon=None, paused=False, counts=dict(_NO_JOBS), jobs=[])
            daemon, paused = _daemon(rows, now), _paused(rows)
            work = _work(daemon, paused=paused)
            listing = Listing(rows, Chosen(states or (), asked=asked))
            return StatusView(
                daemon=daemon,
                paused=paused,
                counts=_counts(listing, work),
                jobs=_listed(listing, _NO_LIMIT if limit is None else limit, now, work),
            )

    def page(self, chosen: Chosen, *, now: float, after: int | None = None, limit: int = 100) -> PageView:
        """Return a page of a list of jobs, newest first: at most `limit`, with ids below `after`."""
        with self._snapshot() as rows:
            if rows is None:
                return PageView(jobs=[], counts=dict(_NO_JOBS), has_more=False, last_event=0)
            work = _work(_daemon(rows, now), paused=_paused(rows))
            listing = Listing(rows, chosen)
            jobs, has_more = _page(listing, after, limit, now, work)
            return PageView(jobs, _counts(listing, work), has_more, last_event(rows))

    def numbers(self, chosen: Chosen, *, now: float, before: int | None = None, most: int = 500) -> list[int]:
        """Return the ids of the jobs that are meant, below `before`, the highest first."""
        with self._snapshot() as rows:
            if rows is None:
                return []
            states = recorded_states(chosen.states, _work(_daemon(rows, now), paused=_paused(rows)))
            return Listing(rows, chosen).numbers(states, before=before or _NO_LIMIT, most=most)

    def error_classes(self) -> list[tuple[str, int]]:
        """Return the classes of the errors with which jobs have failed, and how many did."""
        with self._snapshot() as rows:
            return error_classes(rows) if rows is not None else []

    def feed(self, after: int | None, *, now: float, most: int) -> FeedView | None:
        """Return what has happened since the event with the id `after`: for None, only what is under way now.

        None if there is no database yet.
        """
        with self._snapshot() as rows:
            if rows is None:
                return None
            daemon, paused = _daemon(rows, now), _paused(rows)
            work = _work(daemon, paused=paused)
            found = happened(rows, after, most=most)
            jobs = _views(rows, Listing(rows).by_number(found.jobs)[::-1], now, work)
            counts = _counts(Listing(rows), work)
            return FeedView(found.events, jobs, daemon, paused, counts, found.last, found.known)

    def job(self, ref: str) -> JobRecord:
        """Return all details of the job that `ref` names by id, file name, or file name without suffix.

        Raises UsageError if there is none.
        """
        with self._snapshot() as rows:
            job = find_job(rows, ref)
            assert rows is not None
            now = time.time()
            work = _work(_daemon(rows, now), paused=_paused(rows))
            [view] = _views(rows, [job], now, work)
            return JobRecord(
                job=view,
                steps=_step_views(rows, job["id"], now, work),
                events=[event_view(event) for event in _events(rows, job["id"], 0)],
            )

    def find(self, refs: Iterable[str]) -> list[JobView]:
        """Return the jobs that `refs` name, in this order. Raises UsageError if one names no job."""
        with self._snapshot() as rows:
            jobs = [find_job(rows, ref) for ref in refs]
            if rows is None:
                return []
            now = time.time()
            return _views(rows, jobs, now, _work(_daemon(rows, now)))

    def events(self, job_id: int, after_id: int = 0) -> list[EventView]:
        """Return a job's events with an id greater than `after_id`."""
        with self._snapshot() as rows:
            return [event_view(event) for event in _events(rows, job_id, after_id)] if rows is not None else []

    def film(self, job_id: int) -> FilmView | None:
        """Return the recording of a job, and the revisions of it that came later; None if there is no such job."""
        with self._snapshot() as rows:
            return film_view(rows, job_id) if rows is not None else None

    def results(self, job_id: int) -> dict[str, dict[str, Any]]:
        """Return the results of the steps of a job's round that have succeeded, by step key."""
        sql = """SELECT step.key, step.result FROM step JOIN job ON job.id = step.job_id AND job.round = step.round
                 WHERE job.id = :job AND step.state = 'succeeded'"""
        with self._snapshot() as rows:
            found = rows(sql, job=job_id) if rows is not None else []
            return {row["key"]: decoded(row["result"]) or {} for row in found}

    def answer(self, job_id: int) -> AnswerView | None:
        """Return what a client that waits for a job has to know; None if there is no such job."""
        with self._snapshot() as rows:
            found = rows("SELECT * FROM job WHERE id = :id", id=job_id) if rows is not None else []
            return answer_view(rows, found[0]) if rows is not None and found else None

    def batch(self, batch: str) -> list[BatchEntry]:
        """Return the jobs of a batch, in the order of its items; empty if there is no such batch."""
        with self._snapshot() as rows:
            return batch_entries(rows, batch) if rows is not None else []

    def step_results(self, batch: str, *, after: int = 0) -> list[tuple[int, Mapping[str, Any]]]:
        """Return the jobs of a batch that succeeded with one step, and its result, in order; with ids above `after`."""
        with self._snapshot() as rows:
            return step_results(rows, batch, after) if rows is not None else []

    def work_times(self, jobs: Sequence[int]) -> dict[int, WorkTime]:
        """Return when the last work on each of these jobs began, and how long it took."""
        with self._snapshot() as rows:
            return work_times(rows, jobs) if rows is not None else {}

    def engines(self) -> dict[str, dict[str, Any]]:
        """Return what each role's engine said of itself when it was used last, by role."""
        with self._snapshot() as rows:
            return last_engines(rows) if rows is not None else {}

    def load(self) -> Load:
        """Return the texts that wait to be spoken, for which somebody waits."""
        with self._snapshot() as rows:
            return load(rows) if rows is not None else Load(0, 0)

    def jobs_with_voice(self, name: str) -> list[int]:
        """Return the unfinished jobs whose options or request name a voice, in order."""
        with self._snapshot() as rows:
            return jobs_with_voice(rows, name) if rows is not None else []

    def running_steps(self) -> list[RunningStep]:
        """Return the steps that workers run now."""
        with self._snapshot() as rows:
            return running_steps(rows) if rows is not None else []

    def runs(self, *, now: float, most: int = 10) -> list[RunView]:
        """Return the last runs of the daemon, the newest first."""
        with self._snapshot() as rows:
            return runs(rows, now, most=most) if rows is not None else []

    def waiting_for(self, *conditions: str) -> list[WaitingJob]:
        """Return the jobs that wait for one of these conditions, such as `model`."""
        with self._snapshot() as rows:
            return waiting_for(rows, conditions) if rows is not None else []

    def choice_of(self, job_id: int) -> JobChoice | None:
        """Return the profile and the options that a job was made with; None if that is not known."""
        with self._snapshot() as rows:
            return choice_of(rows, job_id) if rows is not None else None

    def published_in(self, folder: str) -> list[int]:
        """Return the ids of the jobs whose outputs are in a folder of the outbox."""
        with self._snapshot() as rows:
            found = rows("SELECT id FROM job WHERE published = :folder", folder=folder) if rows is not None else []
            return [row["id"] for row in found]

    def prunable(self, ended_before: float) -> list[PrunedJob]:
        """Return the jobs that ended before a time, but not those of lines that wait to be delivered."""
        with self._snapshot() as rows:
            if rows is None:
                return []
            ended, values = listed(ENDED, "s")
            sql = f"""SELECT id, name, state, finished_at FROM job
                      WHERE state IN {ended} AND finished_at < :before AND NOT EXISTS
                          (SELECT 1 FROM line WHERE line.job_id = job.id AND line.state = 'waiting')
                      ORDER BY id"""
            return [PrunedJob(**row) for row in rows(sql, before=ended_before, **values)]


def _counts(listing: Listing, work: Work = AT_WORK) -> dict[str, int]:
    """Return the number of jobs in each state; those that are recorded as running, but do not run, wait."""
    counts = listing.counts()
    recorded = counts[JobState.RUNNING]
    if work == AT_WORK or not recorded:
        return counts
    sql = "SELECT count(DISTINCT job_id) AS jobs FROM step WHERE state = 'running'"
    busy = listing.rows(sql)[0]["jobs"] if work.is_on else 0
    running = min(recorded, busy)
    waiting = counts[JobState.WAITING] + recorded - running
    return {**counts, JobState.RUNNING.value: running, JobState.WAITING.value: waiting}


def _paused(rows: Rows) -> bool:
    found = rows("SELECT value FROM control WHERE key = 'paused'")
    return bool(found and decoded(found[0]["value"]))


def _daemon(rows: Rows, now: float) -> DaemonView | None:
    found = rows("SELECT * FROM daemon ORDER BY started_at DESC LIMIT 1")
    return daemon_view(found[0], paused=_paused(rows), now=now) if found else None


def _work(daemon: DaemonView | None, *, paused: bool = False) -> Work:
    return Work(is_on=daemon is None or daemon.state == "running", paused=paused)


def _listed(listing: Listing, limit: int, now: float, work: Work) -> list[JobView]:
    """Return the jobs to list. Which of those that are recorded as running do run is known only once they are read."""
    states = listing.chosen.states
    recorded = recorded_states(states, work)
    most = limit if not states or set(recorded) == set(states) else _NO_LIMIT
    jobs = _views(listing.rows, list(in_order(listing, recorded, most)), now, work)
    return [job for job in jobs if not states or job.state in states][:limit]


def _page(listing: Listing, after: int | None, limit: int, now: float, work: Work) -> tuple[list[JobView], bool]:
    """Return the newest jobs below the id `after`, and whether there are more."""
    states, recorded = listing.chosen.states, recorded_states(listing.chosen.states, work)
    found: list[JobView] = []
    before, has_more = after or _NO_LIMIT, True
    while has_more and len(found) <= limit:
        numbers = listing.numbers(recorded, before=before, most=limit + 1)
        has_more, before = len(numbers) > limit, numbers[-1] if numbers else before
        jobs = _views(listing.rows, listing.by_number(numbers), now, work)
        found += [job for job in jobs if not states or job.state in states]
    return found[:limit], len(found) > limit


def _views(rows: Rows, jobs: Sequence[Row], now: float, work: Work) -> list[JobView]:
    steps, runs = _steps_of(rows, jobs), _runs_since(rows, jobs)
    return [job_view(job, steps[job["id"], job["round"]], now, work=work, runs=runs) for job in jobs]


def _runs_since(rows: Rows, jobs: Sequence[Row]) -> Sequence[Row]:
    """Return the daemon's runs that may have worked on the running jobs."""
    started = [job["started_at"] for job in jobs if job["state"] == JobState.RUNNING and job["started_at"] is not None]
    sql = """SELECT started_at, heartbeat_at, stopped_at FROM daemon WHERE heartbeat_at >= :since ORDER BY started_at"""
    return rows(sql, since=min(started)) if started else []


def _steps_of(rows: Rows, jobs: Sequence[Row]) -> dict[tuple[int, int], list[Row]]:
    """Return the jobs' steps by job and round, in the order of their phases."""
    found: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for start in range(0, len(jobs), 500):
        ids, values = listed([job["id"] for job in jobs[start : start + 500]], "i")
        for step in rows(f"SELECT {_STEP_COLUMNS} FROM step WHERE job_id IN {ids} ORDER BY phase, id", **values):
            found[step["job_id"], step["round"]].append(step)
    return found


def _step_views(rows: Rows, job_id: int, now: float, work: Work) -> list[StepView]:
    attempts: dict[int, list[Row]] = defaultdict(list)
    mine = "SELECT id FROM step WHERE job_id = :job"
    for attempt in rows(f"SELECT * FROM attempt WHERE step_id IN ({mine}) ORDER BY id", job=job_id):
        attempts[attempt["step_id"]].append(attempt)
    steps = rows(f"SELECT {_STEP_COLUMNS} FROM step WHERE job_id = :job ORDER BY round, phase, id", job=job_id)
    return [step_view(step, attempts[step["id"]], now, work=work) for step in steps]


def _events(rows: Rows, job_id: int, after_id: int) -> Sequence[Row]:
    sql = "SELECT * FROM event WHERE job_id = :job AND id > :after ORDER BY id"
    return rows(sql, job=job_id, after=after_id)
