"""Jobs that wait: queued or running → waiting, and on again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, delete, update
from sqlmodel import Session

from dropdub.store.database import Store
from dropdub.store.states import JobState, StepState
from dropdub.store.tables import Control, Job
from dropdub.store.transitions.guard import CONTROL, JOB, STEP, change_job, tell

PAUSED = "paused"
STOP = "stop"
_GOING = (JobState.QUEUED, JobState.RUNNING)


def hold_job(store: Store, job_id: int, *, waiting_for: str, reason: str, remedy: str | None, now: float) -> Job:
    """Let a job wait: queued or running → waiting. Its running steps may end meanwhile."""
    with store.transaction() as session:
        return _hold(session, job_id, "held", _GOING, now, waiting_for=waiting_for, reason=reason, remedy=remedy)


def release_job(store: Store, job_id: int, *, now: float, waiting_for: str | None = None) -> Job:
    """Let a waiting job go on: waiting → running, or queued where it never ran.

    With `waiting_for`, only a job that waits for just that: its reason may have changed since it was looked at.
    """
    conditions = [] if waiting_for is None else [JOB.c.waiting_for == waiting_for]
    with store.transaction() as session:
        return _release(session, job_id, "released", conditions, now)


def pause_job(store: Store, job_id: int, *, now: float) -> Job:
    """Hold a job at a person's wish, also one that waits for something else; it goes on by `resume_job` alone."""
    not_paused = JOB.c.waiting_for.is_distinct_from(PAUSED)
    remedy = f"To go on: `dropdub resume {job_id}`"
    with store.transaction() as session:
        states = (*_GOING, JobState.WAITING)
        return _hold(
            session, job_id, "paused", states, now, not_paused, waiting_for=PAUSED, reason="Paused.", remedy=remedy
        )


def resume_job(store: Store, job_id: int, *, now: float) -> Job:
    """Let a paused job go on."""
    with store.transaction() as session:
        return _release(session, job_id, "resumed", [JOB.c.waiting_for == PAUSED], now)


def pause_all(store: Store) -> None:
    """Ask the daemon to start no further step."""
    _set(store, PAUSED)


def resume_all(store: Store) -> None:
    _clear(store, PAUSED)


def cap_schedule(store: Store, *, latest: float) -> int:
    """Let no queued step wait longer than until `latest`: the clock may have been set back. Return how many did."""
    late = update(STEP).where(STEP.c.state == StepState.QUEUED, STEP.c.scheduled_at > latest)
    with store.transaction() as session:
        return session.connection().execute(late.values(scheduled_at=latest)).rowcount


def request_stop(store: Store, *, pid: int | None = None) -> None:
    """Ask the daemon to put back what runs, and end: this process, or whichever it is."""
    _set(store, STOP, pid or True)


def clear_stop(store: Store, *, pid: int) -> None:
    """Forget what was asked of a daemon before this process; what was asked of this one, it has yet to do.

    It may have waited for its database meanwhile.
    """
    with store.transaction() as session:
        asked = session.get(Control, STOP)
        if asked is not None and asked.value != pid:
            session.delete(asked)


def _hold(
    session: Session,
    job_id: int,
    verb: str,
    states: tuple[JobState, ...],
    now: float,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> Job:
    conditions = (JOB.c.verdict.is_(None), *conditions)
    job = change_job(session, job_id, verb, states, *conditions, state=JobState.WAITING, **values)
    tell(session, job_id, f"Waits. {values['reason']}", now, level="warning")
    return job


def _release(session: Session, job_id: int, verb: str, conditions: list[ColumnElement[bool]], now: float) -> Job:
    state = case((JOB.c.started_at.is_(None), JobState.QUEUED), else_=JobState.RUNNING)
    clear = {"waiting_for": None, "reason": None, "remedy": None}
    job = change_job(
        session, job_id, verb, (JobState.WAITING,), JOB.c.verdict.is_(None), *conditions, state=state, **clear
    )
    tell(session, job_id, "Goes on", now)
    return job


def _set(store: Store, key: str, value: int = True) -> None:
    with store.transaction() as session:
        session.merge(Control(key=key, value=value))


def _clear(store: Store, key: str) -> None:
    with store.transaction() as session:
        session.connection().execute(delete(CONTROL).where(CONTROL.c.key == key))
