"""Waiting jobs: queued or running → waiting, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, delete, update

from dropdub.store.database import Store
from dropdub.store.states import JobState, StepState
from dropdub.store.tables import CONTROL, JOB, STEP, Control, Job
from dropdub.store.transitions.guard import append_event, change_job

PAUSED = "paused"
STOP = "stop"
GOING = (JobState.QUEUED, JobState.RUNNING)
RELEASED: Mapping[str, Any] = {
    "state": case((JOB.c.started_at.is_(None), JobState.QUEUED), else_=JobState.RUNNING),
    "waiting_for": None,
    "reason": None,
    "remedy": None,
}
"""What is set when a job waits no more."""


def hold_job(store: Store, job_id: int, *, waiting_for: str, reason: str, remedy: str | None, now: float) -> Job:
    """Make a job wait: queued or running → waiting. Its running steps may finish meanwhile."""
    values = {"state": JobState.WAITING, "waiting_for": waiting_for, "reason": reason, "remedy": remedy}
    with store.transaction() as session:
        job = change_job(session, job_id, "held", GOING, JOB.c.verdict.is_(None), **values)
        append_event(session, job_id, f"Waiting. {reason}", now, level="warning")
    return job


def release_job(store: Store, job_id: int, *, now: float, waiting_for: str | None = None) -> Job:
    """Release a waiting job: waiting → running, or queued if it never ran.

    With `waiting_for`, only if the job still waits for that: the reason may have changed since it was read.
    """
    conditions = [JOB.c.verdict.is_(None), *([] if waiting_for is None else [JOB.c.waiting_for == waiting_for])]
    with store.transaction() as session:
        job = change_job(session, job_id, "released", (JobState.WAITING,), *conditions, **RELEASED)
        append_event(session, job_id, "Resumed", now)
    return job


def pause_all(store: Store) -> None:
    """Ask the daemon to start no further steps."""
    _set(store, PAUSED)


def resume_all(store: Store) -> None:
    _clear(store, PAUSED)


def cap_schedule(store: Store, *, latest: float) -> int:
    """Reschedule queued steps that are due after `latest`, since the clock may have been set back; return how many."""
    late = update(STEP).where(STEP.c.state == StepState.QUEUED, STEP.c.scheduled_at > latest)
    with store.transaction() as session:
        return session.connection().execute(late.values(scheduled_at=latest)).rowcount


def request_stop(store: Store, *, pid: int | None = None) -> None:
    """Ask the daemon to release its running steps and exit: the process `pid`, or whichever is running."""
    _set(store, STOP, pid or True)


def clear_stop(store: Store, *, pid: int) -> None:
    """Delete a stop request that was meant for an earlier daemon.

    A request for this process stays: it may have arrived while the process was waiting for its database.
    """
    with store.transaction() as session:
        asked = session.get(Control, STOP)
        if asked is not None and asked.value != pid:
            session.delete(asked)


def _set(store: Store, key: str, value: int = True) -> None:
    with store.transaction() as session:
        session.merge(Control(key=key, value=value))


def _clear(store: Store, key: str) -> None:
    with store.transaction() as session:
        session.connection().execute(delete(CONTROL).where(CONTROL.c.key == key))
