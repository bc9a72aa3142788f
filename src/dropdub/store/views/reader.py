"""Read the views that commands show."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from dropdub.store.states import ENDED, JobState
from dropdub.store.views.build import AT_WORK, Work, daemon_view, event_view, job_view, step_view
from dropdub.store.views.find import find_job
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows, decoded, listed, snapshot
from dropdub.store.views.shapes import DaemonView, EventView, JobRecord, JobView, PrunedJob, StatusView, StepView

OPEN_FIRST = (JobState.RUNNING, JobState.WAITING, JobState.CLAIMING, JobState.QUEUED)
"""The order of unfinished jobs in a list."""
_STEP_COLUMNS = "id, job_id, round, key, stage, phase, target, state, attempts, scheduled_at, progress, error"
_NO_LIMIT = 2**62


def open_reader(url: str, *, backups: Path | None = None) -> Reader:
    """Return a reader of the database at `url`, which need not exist yet. Nothing is kept open.

    `backups` is the folder of the database's backups; if the database is damaged, the error names the newest.
    """
    return Reader(url, backups)


class Reader:
    """Reads a database, each result from a single snapshot. All methods may raise StoreError."""

    def __init__(self, url: str, backups: Path | None = None) -> None:
        self._snapshot = partial(snapshot, url, backups=backups)

    def status(self, *, now: float, states: Sequence[str] | None = None, limit: int | None = 20) -> StatusView:
        """Return what `dropdub status` shows: at most `limit` jobs, in `states` if given. Counts cover all jobs."""
        with self._snapshot() as rows:
            if rows is None:
                return StatusView(daemon=None, paused=False, counts=_counts(None), jobs=[])
            daemon, paused = _daemon(rows, now), _paused(rows)
            work = _work(daemon, paused=paused)
            return StatusView(
                daemon=daemon,
                paused=paused,
                counts=_counts(rows, work),
                jobs=_listed(rows, states, _NO_LIMIT if limit is None else limit, now, work),
            )

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

    def prunable(self, ended_before: float) -> list[PrunedJob]:
        """Return the jobs that `transitions.prune_jobs` would delete."""
        with self._snapshot() as rows:
            if rows is None:
                return []
            ended, values = listed(ENDED, "s")
            sql = f"""SELECT id, name, state, finished_at FROM job
                      WHERE state IN {ended} AND finished_at < :before ORDER BY id"""
            return [PrunedJob(**row) for row in rows(sql, before=ended_before, **values)]


def _counts(rows: Rows | None, work: Work = AT_WORK) -> dict[str, int]:
    """Return the number of jobs in each state; those that are recorded as running, but do not run, wait."""
    found = rows("SELECT state, count(*) AS jobs FROM job GROUP BY state") if rows is not None else []
    counts = {state.value: 0 for state in JobState} | {row["state"]: row["jobs"] for row in found}
    recorded = counts[JobState.RUNNING]
    if rows is None or work == AT_WORK or not recorded:
        return counts
    busy = rows("SELECT count(DISTINCT job_id) AS jobs FROM step WHERE state = 'running'") if work.is_on else []
    running = min(recorded, busy[0]["jobs"]) if busy else 0
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


def _listed(rows: Rows, states: Sequence[str] | None, limit: int, now: float, work: Work) -> list[JobView]:
    """Return the jobs to list. Which of those that are recorded as running do run is known only once they are read."""
    if states is None or work == AT_WORK or not {JobState.RUNNING, JobState.WAITING} & set(states):
        return _views(rows, _listed_jobs(rows, states, limit), now, work)
    recorded = {*states, JobState.RUNNING, JobState.WAITING}
    jobs = _views(rows, _listed_jobs(rows, list(recorded), _NO_LIMIT), now, work)
    return [job for job in jobs if job.state in states][:limit]


def _listed_jobs(rows: Rows, states: Sequence[str] | None, limit: int) -> list[Row]:
    """Return the jobs to list. Queried state by state, because an index returns each state in order."""
    wanted = tuple(JobState) if states is None else states
    jobs: list[Row] = []
    for state in OPEN_FIRST:
        if state in wanted and len(jobs) < limit:
            jobs += rows(
                "SELECT * FROM job WHERE state = :state ORDER BY id LIMIT :most", state=state, most=limit - len(jobs)
            )
    if len(jobs) < limit:
        jobs += _ended_jobs(rows, [state for state in ENDED if state in wanted], limit - len(jobs))
    return jobs


def _ended_jobs(rows: Rows, states: Sequence[str], limit: int) -> list[Row]:
    sql = "SELECT * FROM job WHERE state = :state ORDER BY finished_at DESC LIMIT :most"
    found = [job for state in states for job in rows(sql, state=str(state), most=limit)]
    found.sort(key=lambda job: (job["finished_at"] or 0.0, job["id"]), reverse=True)
    return found[:limit]


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
