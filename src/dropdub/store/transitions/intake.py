"""A job's way in: claiming → queued, or gone before it was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import UNFINISHED, JobState
from dropdub.store.steps import StepSpec
from dropdub.store.tables import Job
from dropdub.store.transitions.branches import insert_steps
from dropdub.store.transitions.guard import JOB, change_job, tell


def record_job(  # noqa: PLR0913  keywords: what the job row records
    store: Store,
    *,
    name: str,
    source: str,
    now: float,
    origin: str = "dropped",
    sidecar: str | None = None,
    companion: str | None = None,
    given_path: str | None = None,
    device: int | None = None,
    inode: int | str | None = None,
    size: int | None = None,
    mtime_ns: int | None = None,
    profile: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Job:
    """Record the intent to take a file, before it is moved.

    Raises TransitionRefused where an unfinished job has this very file: one drop, one job.
    """
    job = Job(
        name=name,
        origin=origin,
        source=source,
        sidecar=sidecar,
        companion=companion,
        given_path=given_path,
        device=device,
        inode=None if inode is None else str(inode),
        size=size,
        mtime_ns=mtime_ns,
        profile=profile,
        overrides=dict(overrides or {}),
        created_at=now,
    )
    with store.transaction() as session:
        _refuse_second(session, job)
        session.add(job)
        session.flush()
        assert job.id is not None
        tell(session, job.id, f"Found: {source}", now)
    return job


def take_job(  # noqa: PLR0913  keywords: what the job row records
    store: Store,
    job_id: int,
    *,
    source: str,
    sidecar: str | None = None,
    companion: str | None = None,
    revision: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any],
    options: Mapping[str, Any],
    kind: str | None = None,
    steps: Sequence[StepSpec],
    now: float,
) -> Job:
    """Queue a job whose file has been moved to `source`: claiming → queued, with its first steps."""
    with store.transaction() as session:
        job = change_job(
            session,
            job_id,
            "queued",
            (JobState.CLAIMING,),
            JOB.c.verdict.is_(None),
            state=JobState.QUEUED,
            source=source,
            sidecar=sidecar,
            companion=companion,
            revision=dict(revision) if revision else None,
            overrides=dict(overrides),
            options=dict(options),
            kind=kind,
            reason=None,
            remedy=None,
        )
        insert_steps(session, job, steps)
        belongs = f", for the film of job {revision['job']} ({revision['name']})" if revision else ""
        tell(session, job_id, f"Taken{belongs}, and queued", now)
    return job


def turn_duplicate(store: Store, job_id: int, *, dup_of: int | None, steps: Sequence[StepSpec], now: float) -> Job:
    """Let a duplicate, whose twin did not succeed, follow another twin or do the work itself by `steps`."""
    with store.transaction() as session:
        states = (JobState.QUEUED, JobState.RUNNING)
        job = change_job(session, job_id, "turned", states, JOB.c.verdict.is_(None), dup_of=dup_of)
        insert_steps(session, job, steps)
        tell(session, job_id, "The other of the same content did not succeed" if dup_of is None else "Waits anew", now)
    return job


def vanish_job(store: Store, job_id: int, *, now: float, reason: str = "The file vanished before it was taken.") -> Job:
    """Close a job whose file is nowhere: claiming → cancelled."""
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
        tell(session, job_id, reason, now, level="warning")
    return job


def rescue_job(  # noqa: PLR0913  keywords: what the job row records
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
    """Record a failed job for an original that lies in the work folder and that no job knows of: → claiming, failed.

    It is moved to its destination as that of any failed job. It gets the number `wanted_id` if no job has that.
    """
    with store.transaction() as session:
        is_free = wanted_id is not None and session.get(Job, wanted_id) is None
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
        tell(session, job.id, f"Found {source}, of which the database knew nothing", now, level="warning")
    return job


def _refuse_second(session: Session, job: Job) -> None:
    if job.inode is None:
        return
    same = select(JOB.c.id).where(
        JOB.c.inode == job.inode,
        JOB.c.device == job.device,
        JOB.c.size == job.size,
        JOB.c.mtime_ns == job.mtime_ns,
        JOB.c.state.in_(UNFINISHED),
    )
    found = session.connection().execute(same.limit(1)).scalar()
    if found is not None:
        raise TransitionRefused(f"{job.name} is being worked on already, as job {found}.")
