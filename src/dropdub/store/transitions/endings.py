"""The end of a job: finished, forgotten."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import ENDED, UNFINISHED, JobState, StepState
from dropdub.store.tables import JOB, STEP, Job
from dropdub.store.transitions.branches import cancel_queued
from dropdub.store.transitions.guard import append_event, change_job, delete_job
from dropdub.store.transitions.notices import add_notices

_LEVELS = {JobState.SUCCEEDED: "info", JobState.FAILED: "error", JobState.CANCELLED: "warning"}


def begin_ending(
    store: Store,
    job_id: int,
    *,
    verdict: JobState,
    reason: str | None,
    remedy: str | None,
    destination: str | None,
    now: float,
) -> Job:
    """Record how an unfinished job ends and where its original will be moved; cancel its queued steps.

    Raises TransitionRefused if a step is still running or the job already has a verdict.
    """
    with store.transaction() as session:
        _refuse_running(session, job_id)
        job = change_job(
            session,
            job_id,
            "ended",
            UNFINISHED,
            JOB.c.verdict.is_(None),
            verdict=verdict,
            reason=reason,
            remedy=remedy,
            waiting_for=None,
            destination=destination,
        )
        cancel_queued(session, job_id)
        append_event(session, job_id, f"Ending: {verdict}", now, level="debug")
    return job


def finish_job(
    store: Store,
    job_id: int,
    *,
    source: str,
    now: float,
    sidecar: str | None = None,
    companion: str | None = None,
    staging: str | None = None,
    channels: Collection[str] = (),
) -> Job:
    """Set a job to the state of its verdict after its files were moved, and queue a notice for each of `channels`.

    `staging`: its staging folder, if that could not be removed.
    """
    with store.transaction() as session:
        job = change_job(
            session,
            job_id,
            "finished",
            UNFINISHED,
            JOB.c.verdict.is_not(None),
            state=JOB.c.verdict,
            source=source,
            sidecar=sidecar,
            companion=companion,
            staging=staging,
            finished_at=now,
        )
        text = f"{job.state.capitalize()}. {job.reason or ''}".strip()
        append_event(session, job_id, text, now, level=_LEVELS[JobState(job.state)])
        add_notices(session, job, channels, now)
    return job


def forget_job(store: Store, job_id: int) -> None:
    """Delete an ended job, with its steps, attempts and events. Files are not touched."""
    with store.transaction() as session:
        delete_job(session, job_id, "forgotten", ENDED)


def forget_jobs(store: Store, numbers: Collection[int]) -> list[int]:
    """Delete those of the jobs that have ended, with their steps, attempts and events; return their ids, in order."""
    ended = delete(JOB).where(JOB.c.id.in_(numbers), JOB.c.state.in_(ENDED)).returning(JOB.c.id)
    with store.transaction() as session:
        return sorted(session.connection().execute(ended).scalars())


def _refuse_running(session: Session, job_id: int) -> None:
    running = select(STEP.c.key).where(STEP.c.job_id == job_id, STEP.c.state == StepState.RUNNING)
    key = session.connection().execute(running.limit(1)).scalar()
    if key is not None:
        raise TransitionRefused(f"Job {job_id} cannot end while its step {key} is running.")
