"""The end of a job: cancelled, finished, retried, pruned."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import ENDED, UNFINISHED, JobState, StepState
from dropdub.store.tables import JOB, STEP, Job
from dropdub.store.transitions.branches import cancel_queued
from dropdub.store.transitions.guard import append_event, change_job, fresh_job
from dropdub.store.transitions.notices import add_notices
from dropdub.store.views.shapes import PrunedJob

_LEVELS = {JobState.SUCCEEDED: "info", JobState.FAILED: "error", JobState.CANCELLED: "warning"}


def request_cancel(store: Store, job_id: int, *, now: float) -> Job:
    """Request that an unfinished job be cancelled: no further step is claimed, and the daemon ends it."""
    with store.transaction() as session:
        job = change_job(session, job_id, "cancelled", UNFINISHED, JOB.c.verdict.is_(None), cancel_requested=True)
        append_event(session, job_id, "Cancellation requested", now)
    return job


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


def retry_job(store: Store, job_id: int, *, now: float) -> Job:
    """Retry a failed or cancelled job: → claiming, in the next round, from where its original is now."""
    with store.transaction() as session:
        old = fresh_job(session, job_id)
        job = change_job(
            session,
            job_id,
            "retried",
            (JobState.FAILED, JobState.CANCELLED),
            state=JobState.CLAIMING,
            round=JOB.c.round + 1,
            source=old.given_path or old.source,
            **_initial_values(),
        )
        append_event(session, job_id, "Retried", now)
    return job


def prune_jobs(store: Store, *, ended_before: float) -> list[PrunedJob]:
    """Delete the jobs that ended before a time, with their steps, attempts and events; return them.

    Files are not touched.
    """
    old = (JOB.c.state.in_(ENDED), JOB.c.finished_at < ended_before)
    columns = (JOB.c.id, JOB.c.name, JOB.c.state, JOB.c.finished_at)
    with store.transaction() as session:
        rows = session.connection().execute(select(*columns).where(*old).order_by(JOB.c.id)).all()
        session.connection().execute(delete(JOB).where(*old))
    return [PrunedJob(*row) for row in rows]


def _refuse_running(session: Session, job_id: int) -> None:
    running = select(STEP.c.key).where(STEP.c.job_id == job_id, STEP.c.state == StepState.RUNNING)
    key = session.connection().execute(running.limit(1)).scalar()
    if key is not None:
        raise TransitionRefused(f"Job {job_id} cannot end while its step {key} is running.")


def _initial_values() -> dict[str, object]:
    """Return the initial values of the columns that a round changes."""
    return {
        "reason": None,
        "remedy": None,
        "waiting_for": None,
        "cancel_requested": False,
        "verdict": None,
        "destination": None,
        "dup_of": None,
        "outputs": [],
        "warnings": [],
        "interruptions": 0,
        "started_at": None,
        "finished_at": None,
    }
