"""What the daemon works on now, what it waits for, and when it ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dropdub.store.views.build import daemon_view
from dropdub.store.views.progress import iso, iso_time
from dropdub.store.views.rows import Rows, decoded, listed

MOST_STEPS = 100
MOST_WAITING = 50


@dataclass(frozen=True)
class RunningStep:
    """A step that a worker of a pool runs. `since`: ISO 8601; `progress`: 0 to 1."""

    job: int
    name: str
    stage: str
    target: str | None
    pool: str
    progress: float
    since: str | None


@dataclass(frozen=True)
class RunView:
    """A run of the daemon. `ended_at`: None if it has not ended. `state`: as of `DaemonView`."""

    started_at: str
    ended_at: str | None
    state: str
    pid: int
    host: str


@dataclass(frozen=True)
class WaitingJob:
    """A job that waits for something that a person has to bring."""

    id: int
    name: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class JobChoice:
    """With what a job was made: its profile, and all its options as they were resolved."""

    name: str
    profile: str | None
    options: dict[str, Any]


def running_steps(rows: Rows) -> list[RunningStep]:
    """Return the steps that are recorded as running, the oldest job first."""
    sql = """SELECT step.job_id AS job, job.name, step.stage, step.target, step.pool, step.progress,
                    (SELECT max(started_at) FROM attempt WHERE step_id = step.id) AS since
             FROM step JOIN job ON job.id = step.job_id
             WHERE step.state = 'running' ORDER BY step.job_id, step.id LIMIT :most"""
    return [RunningStep(**{**row, "since": iso(row["since"])}) for row in rows(sql, most=MOST_STEPS)]


def runs(rows: Rows, now: float, *, most: int) -> list[RunView]:
    """Return the last runs of the daemon, the newest first. One without an end ended at its last heartbeat."""
    found = rows("SELECT * FROM daemon ORDER BY started_at DESC LIMIT :most", most=most)
    views = [(row, daemon_view(row, paused=False, now=now)) for row in found]
    return [
        RunView(view.started_at, _ended_at(row, view.state), view.state, view.pid, view.host) for row, view in views
    ]


def _ended_at(row: Any, state: str) -> str | None:
    if state in ("running", "silent"):
        return None
    return iso_time(row["heartbeat_at"] if row["stopped_at"] is None else row["stopped_at"])


def waiting_for(rows: Rows, conditions: Sequence[str]) -> list[WaitingJob]:
    """Return the jobs that wait for one of these conditions, the oldest first."""
    names, values = listed(conditions, "c")
    sql = f"""SELECT id, name, reason, remedy FROM job WHERE state = 'waiting' AND waiting_for IN {names}
              ORDER BY id LIMIT :most"""
    found = rows(sql, most=MOST_WAITING, **values)
    return [WaitingJob(row["id"], row["name"], row["reason"] or "", row["remedy"] or "") for row in found]


def choice_of(rows: Rows, job: int) -> JobChoice | None:
    """Return with what a job was made; None if there is no such job, or its options were not resolved yet."""
    found = rows("SELECT name, profile, options FROM job WHERE id = :job", job=job)
    options = decoded(found[0]["options"]) if found else {}
    return JobChoice(found[0]["name"], found[0]["profile"], options) if options else None
