"""Requests: → queued at once, or joined with the job of an earlier request of the same key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlmodel import Session

from dropdub.store.database import Store
from dropdub.store.states import UNFINISHED, JobState
from dropdub.store.tables import JOB, Job
from dropdub.store.transitions.branches import insert_first_steps
from dropdub.store.transitions.guard import append_event
from dropdub.store.transitions.values import Asked, AskedJob

FAILURES_ARE_JOINED_S = 60.0
"""Clients repeat a request within seconds if its answer was cut off. The repetition gets the same error, not the same
work again; a later one is tried again.
"""


def ask_jobs(store: Store, asked: Sequence[AskedJob], *, now: float) -> list[Asked]:
    """Record and queue the jobs of requests in one transaction; return the job of each, in order.

    A request whose key an unfinished or succeeded job has, or one that failed just now, gets that job.
    """
    with store.transaction() as session:
        known = _jobs_by_key(session, {one.key for one in asked if one.key is not None}, now)
        found = []
        for one in asked:
            job_id = known.get(one.key) if one.key is not None else None
            found.append(Asked(job_id or insert_asked(session, one, now), is_joined=job_id is not None))
            if one.key is not None:
                known[one.key] = found[-1].job_id
    return found


def note_event(store: Store, job_id: int, text: str, *, now: float) -> None:
    """Add to the history of a request's job what was done with its result. Does nothing if the job is gone."""
    with store.transaction() as session:
        if session.get(Job, job_id) is not None:
            append_event(session, job_id, text, now)


def insert_asked(session: Session, asked: AskedJob, now: float) -> int:
    """Insert the job of a request, queued, with its steps; return its id."""
    values = {name: value for name, value in vars(asked).items() if name not in ("steps", "key")}
    values |= {"request": dict(asked.request), "options": dict(asked.options), "request_key": asked.key}
    job = Job(**values, state=JobState.QUEUED, created_at=now)
    session.add(job)
    session.flush()
    assert job.id is not None
    insert_first_steps(session, job, asked.steps)
    append_event(session, job.id, "Requested and queued", now)
    return job.id


def _jobs_by_key(session: Session, keys: Collection[str], now: float) -> dict[str, int]:
    if not keys:
        return {}
    values = {"keys": sorted(keys), "since": now - FAILURES_ARE_JOINED_S}
    return {key: id_ for key, id_ in session.connection().execute(_joinable(), values) if key and id_}


@cache
def _joinable() -> Select[str | None, int | None]:
    """Return the query for the jobs that answer a request of one of `:keys`; built once: every request runs it."""
    just_failed = and_(JOB.c.state == JobState.FAILED, JOB.c.finished_at > bindparam("since"))
    counts = or_(JOB.c.state.in_((*UNFINISHED, JobState.SUCCEEDED)), just_failed)
    has_key = JOB.c.request_key.in_(bindparam("keys", expanding=True))
    wanted = and_(has_key, JOB.c.cancel_requested.is_(False), counts)
    return select(JOB.c.request_key, JOB.c.id).where(wanted).order_by(JOB.c.id)
