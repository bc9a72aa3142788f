"""What is recorded about a job besides its state: its folders in the outbox, its events, its warnings."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlmodel import Session

from dropdub.files.durable import key
from dropdub.store.database import Store
from dropdub.store.states import UNFINISHED
from dropdub.store.tables import JOB
from dropdub.store.transitions.guard import fresh_job

Taken = Callable[[str], bool]


def claim_outbox(store: Store, job_id: int, *, choose: Callable[[Taken], str], foreign: str | None = None) -> str:
    """Record the job's folder in the outbox before it is created; return the recorded folder if there is one.

    `choose` gets a predicate that returns whether a path is another job's. `foreign` is a recorded folder that turned
    out to be somebody else's: it is replaced.
    """
    return _claim(store, job_id, "published", lambda session: choose(_taken_by_others(session, job_id)), foreign)


def claim_staging(store: Store, job_id: int, new: str, *, foreign: str | None = None) -> str:
    """Record `new` as the job's staging folder before it is created; return the recorded folder if there is one.

    `foreign` is a recorded folder that can no longer be used: it is replaced by `new`.
    """
    return _claim(store, job_id, "staging", lambda _session: new, foreign)


def forget_staging(store: Store, job_id: int) -> None:
    """Record that the job no longer has a staging folder."""
    with store.transaction() as session:
        session.connection().execute(update(JOB).where(JOB.c.id == job_id).values(staging=None))


def _claim(store: Store, job_id: int, column: str, choose: Callable[[Session], str], foreign: str | None) -> str:
    with store.transaction() as session:
        recorded: str | None = getattr(fresh_job(session, job_id), column)
        if recorded is not None and recorded != foreign:
            return recorded
        chosen = choose(session)
        session.connection().execute(update(JOB).where(JOB.c.id == job_id).values({column: chosen}))
        return chosen


def _taken_by_others(session: Session, job_id: int) -> Taken:
    """Return a predicate: whether a path is another job's.

    For unfinished jobs the comparison ignores case: their folders may not exist yet.
    """
    others = select(JOB.c.published).where(JOB.c.id != job_id)
    coming = others.where(JOB.c.state.in_(UNFINISHED), JOB.c.published.is_not(None))
    keys = {key(path) for path in session.connection().execute(coming).scalars()}

    def taken(path: str) -> bool:
        same = others.where(JOB.c.published == path).limit(1)
        return key(path) in keys or session.connection().execute(same).first() is not None

    return taken
