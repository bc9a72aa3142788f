"""What is written about a job beside its states: its folder in the outbox, its story, its warnings."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlmodel import Session

from dropdub.files.durable import key
from dropdub.store.database import Store
from dropdub.store.states import UNFINISHED
from dropdub.store.transitions.guard import JOB, fresh_job, tell

Taken = Callable[[str], bool]


def claim_outbox(store: Store, job_id: int, *, choose: Callable[[Taken], str], foreign: str | None = None) -> str:
    """Record which folder of the outbox is the job's, before it is made; return it. One that is recorded stays.

    `choose` gets a predicate that says whether a path is another job's. `foreign` is a folder that was recorded, and
    that somebody else has put there: another is chosen for it.
    """
    return _claim(store, job_id, "published", lambda session: choose(_taken_by_others(session, job_id)), foreign)


def claim_staging(store: Store, job_id: int, new: str, *, foreign: str | None = None) -> str:
    """Record where the job's deliverables are put together, before it is made; return it. One that is recorded stays.

    `foreign` is a folder that was recorded, and that cannot be used any more: `new` is taken for it.
    """
    return _claim(store, job_id, "staging", lambda _session: new, foreign)


def forget_staging(store: Store, job_id: int) -> None:
    """Record that the job has no staging folder any more."""
    with store.transaction() as session:
        session.connection().execute(update(JOB).where(JOB.c.id == job_id).values(staging=None))


def add_event(store: Store, job_id: int, text: str, *, now: float, level: str = "info") -> None:
    """Add a line to a job's story."""
    with store.transaction() as session:
        fresh_job(session, job_id)
        tell(session, job_id, text, now, level=level)


def add_warning(store: Store, job_id: int, text: str, *, now: float) -> None:
    """Add a warning to a job, once."""
    with store.transaction() as session:
        job = fresh_job(session, job_id)
        if text in job.warnings:
            return
        warned = update(JOB).where(JOB.c.id == job_id).values(warnings=[*job.warnings, text])
        session.connection().execute(warned)
        tell(session, job_id, text, now, level="warning")


def _claim(store: Store, job_id: int, column: str, choose: Callable[[Session], str], foreign: str | None) -> str:
    with store.transaction() as session:
        recorded: str | None = getattr(fresh_job(session, job_id), column)
        if recorded is not None and recorded != foreign:
            return recorded
        chosen = choose(session)
        session.connection().execute(update(JOB).where(JOB.c.id == job_id).values({column: chosen}))
        return chosen


def _taken_by_others(session: Session, job_id: int) -> Taken:
    """Return the predicate. Folders of unfinished jobs count whatever their case: they may not be made yet."""
    others = select(JOB.c.published).where(JOB.c.id != job_id)
    coming = others.where(JOB.c.state.in_(UNFINISHED), JOB.c.published.is_not(None))
    keys = {key(path) for path in session.connection().execute(coming).scalars()}

    def taken(path: str) -> bool:
        same = others.where(JOB.c.published == path).limit(1)
        return key(path) in keys or session.connection().execute(same).first() is not None

    return taken
