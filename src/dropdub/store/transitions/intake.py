"""Intake: claiming → queued, or cancelled if the file is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import UNFINISHED, JobState
from dropdub.store.steps import StepSpec
from dropdub.store.tables import JOB, Job
from dropdub.store.transitions.branches import insert_steps
from dropdub.store.transitions.guard import append_event, change_job
from dropdub.store.transitions.values import Asked, FileIdentity, NewJob, TakenJob

_TAKEN_FROM = ((JobState.CLAIMING,), JOB.c.verdict.is_(None))
"""The states and the condition from which a job is queued."""


def record_job(store: Store, *, now: float, **values: Any) -> Job:
    """Record the intent to take a file before it is moved; `values` are the fields of a `NewJob`.

    Raises TransitionRefused if an unfinished job already has this file: each drop becomes one job.
    """
    new = NewJob(**values)
    with store.transaction() as session:
        found = _at_work(session, [new]).get(new.identity)
        if found is not None:
            raise TransitionRefused(f"{new.name} is already being processed as job {found}.")
        return _insert(session, [new], now)[0]


def record_upload(store: Store, *, now: float, **values: Any) -> Asked:
    """Record the intent to take a file that was uploaded; `values` are the fields of a `NewJob` with a `request_key`.

    An upload whose end is reported again gets the job that it has.
    """
    new = NewJob(**values)
    with store.transaction() as session:
        known = session.connection().execute(select(JOB.c.id).where(JOB.c.request_key == new.request_key)).scalar()
        job_id = known or _insert(session, [new], now)[0].id
        assert job_id is not None
        return Asked(job_id, is_joined=known is not None)


def record_jobs(store: Store, found: Sequence[NewJob], *, now: float) -> list[Job]:
    """Record the intents to take many files before any is moved; return the new jobs.

    A file that an unfinished job, or an earlier entry of `found`, already has gets no second job.
    """
    with store.transaction() as session:
        known = set(_at_work(session, found))
        fresh = []
        for new in found:
            if new.identity is None or new.identity not in known:
                fresh.append(new)
                known.add(new.identity)
        return _insert(session, fresh, now)


def take_job(store: Store, job_id: int, *, now: float, **values: Any) -> Job:
    """Queue a job whose file was moved: claiming → queued, with its first steps.

    `values` are the fields of a `TakenJob`.
    """
    taken = TakenJob(job_id, **values)
    with store.transaction() as session:
        job = change_job(session, job_id, "queued", *_TAKEN_FROM, **_columns(taken))
        insert_steps(session, {(job_id, job.round): taken.steps})
        append_event(session, job_id, _event_text(taken), now)
    return job


def take_jobs(store: Store, taken: Sequence[TakenJob], *, now: float) -> list[int]:
    """Queue many jobs whose files were moved, in one transaction; return the ids of those that were queued.

    Jobs that are no longer `claiming`, or have a verdict, are left unchanged.
    """
    with store.transaction() as session:
        queued = {one.job_id: one for one in taken if _queue(session, one)}
        rounds = select(JOB.c.id, JOB.c.round).where(JOB.c.id.in_(queued))
        insert_steps(session, {(id_, r): queued[id_].steps for id_, r in session.connection().execute(rounds)})
        for one in queued.values():
            append_event(session, one.job_id, _event_text(one), now)
    return list(queued)


def turn_duplicate(store: Store, job_id: int, *, dup_of: int | None, steps: Sequence[StepSpec], now: float) -> Job:
    """Make a duplicate wait for another job, or process its file itself: the job it waited for did not succeed."""
    with store.transaction() as session:
        states = (JobState.QUEUED, JobState.RUNNING)
        job = change_job(session, job_id, "turned", states, JOB.c.verdict.is_(None), dup_of=dup_of)
        insert_steps(session, {(job_id, job.round): steps})
        text = "Waiting for another job with the same content"
        if dup_of is None:
            text = "The job with the same content did not succeed; processing this file"
        append_event(session, job_id, text, now)
    return job


def vanish_job(
    store: Store, job_id: int, *, now: float, reason: str = "The file disappeared before it was picked up."
) -> Job:
    """Cancel a job whose file is gone: claiming → cancelled."""
    with store.transaction() as session:
        job = change_job(
            session,
            job_id,
            "closed",
            (JobState.CLAIMING,),
            state=JobState.CANCELLED,
            reason=reason,
            remedy=None,
            verdict=None,
            destination=None,
            finished_at=now,
        )
        append_event(session, job_id, reason, now, level="warning")
    return job


def rescue_job(  # noqa: PLR0913  keywords: what the row records
    store: Store,
    *,
    name: str,
    source: str,
    destination: str,
    reason: str,
    remedy: str,
    now: float,
    sidecar: str | None = None,
    companion: str | None = None,
    wanted_id: int | None = None,
    size: int | None = None,
) -> Job:
    """Record a failed job for an original in the work folder that belongs to no job: claiming, with verdict failed.

    The original is then moved like that of any failed job. The job gets the id `wanted_id` if that is free and the
    database is SQLite; a database server assigns ids itself and would later assign this one again.
    """
    with store.transaction() as session:
        counts = store.engine.dialect.name == "sqlite"
        is_free = counts and wanted_id is not None and session.get(Job, wanted_id) is None
        job = Job(
            id=wanted_id if is_free else None,
            name=name,
            source=source,
            sidecar=sidecar,
            companion=companion,
            size=size,
            verdict=JobState.FAILED,
            destination=destination,
            reason=reason,
            remedy=remedy,
            created_at=now,
        )
        session.add(job)
        session.flush()
        assert job.id is not None
        append_event(session, job.id, f"Found {source}, which was unknown to the database", now, level="warning")
    return job


def _insert(session: Session, found: Sequence[NewJob], now: float) -> list[Job]:
    jobs = [Job(**_row(new), created_at=now) for new in found]
    session.add_all(jobs)
    session.flush()
    for job in jobs:
        assert job.id is not None
        append_event(session, job.id, f"Found: {job.source}", now)
    return jobs


def _row(new: NewJob) -> dict[str, Any]:
    """Return the values of a new job's columns."""
    revision = None if new.revision is None else dict(new.revision)
    return {**vars(new), "overrides": dict(new.overrides), "revision": revision}


def _columns(taken: TakenJob) -> dict[str, Any]:
    """Return the values of a queued job's columns."""
    columns = {name: value for name, value in vars(taken).items() if name not in ("job_id", "steps")}
    return {**columns, "state": JobState.QUEUED, "reason": None, "remedy": None}


def _queue(session: Session, taken: TakenJob) -> bool:
    """Queue a job if it is claiming and has no verdict; return whether it was."""
    states, undecided = _TAKEN_FROM
    change = update(JOB).where(JOB.c.id == taken.job_id, JOB.c.state.in_(states), undecided)
    return session.connection().execute(change.values(**_columns(taken))).rowcount == 1


def _event_text(taken: TakenJob) -> str:
    belongs = f" for the recording of job {taken.revision['job']} ({taken.revision['name']})" if taken.revision else ""
    return f"Picked up{belongs} and queued"


def _at_work(session: Session, found: Sequence[NewJob]) -> dict[FileIdentity | None, int]:
    """Return the ids of unfinished jobs that already have one of these files, by the file's identity."""
    inodes = {new.inode for new in found if new.inode is not None}
    columns = (JOB.c.device, JOB.c.inode, JOB.c.size, JOB.c.mtime_ns)
    same = select(JOB.c.id, *columns).where(JOB.c.inode.in_(inodes), JOB.c.state.in_(UNFINISHED))
    return {tuple(row[1:]): row.id for row in session.connection().execute(same)} if inodes else {}
