"""The guarded update that every transition uses, and the event that it appends to the job's history."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, delete, insert, update
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.no_job import no_job
from dropdub.store.states import StepState
from dropdub.store.tables import ATTEMPT, EVENT, JOB, STEP, Job, Step
from dropdub.store.transitions.refusals import why_not
from dropdub.store.transitions.values import AttemptEnd


def change_job(
    session: Session,
    job_id: int,
    verb: str,
    states: Collection[str],
    *conditions: ColumnElement[bool],
    **values: Any,
) -> Job:
    """Update a job that is in one of `states` and meets `conditions`; return the updated job.

    Raises TransitionRefused, which reports that the job cannot be `verb` (a past participle).
    """
    change = update(JOB).where(JOB.c.id == job_id, JOB.c.state.in_(states), *conditions)
    if session.connection().execute(change.values(**values)).rowcount != 1:
        _refuse_job(session, job_id, verb)
    return fresh_job(session, job_id)


def delete_job(session: Session, job_id: int, verb: str, states: Collection[str]) -> None:
    """Delete a job that is in one of `states`. Raises TransitionRefused as `change_job` does."""
    gone = delete(JOB).where(JOB.c.id == job_id, JOB.c.state.in_(states))
    if session.connection().execute(gone).rowcount != 1:
        _refuse_job(session, job_id, verb)


def change_step(session: Session, step_id: int, token: int, verb: str, **values: Any) -> Step:
    """Update a running step that is held under `token`; return the updated step.

    Raises TransitionRefused if it is not, so that an outcome that arrives too late changes nothing.
    """
    change = update(STEP).where(STEP.c.id == step_id, STEP.c.token == token, STEP.c.state == StepState.RUNNING)
    if session.connection().execute(change.values(**values)).rowcount != 1:
        _refuse_step(session, step_id, token, verb)
    step = session.get(Step, step_id, populate_existing=True)
    assert step is not None
    return step


def end_attempt(session: Session, step: Step, end: AttemptEnd, now: float) -> None:
    """Close the open attempt with the step's token."""
    change = update(ATTEMPT).where(
        ATTEMPT.c.step_id == step.id, ATTEMPT.c.token == step.token, ATTEMPT.c.ended_at.is_(None)
    )
    session.connection().execute(
        change.values(
            ended_at=now,
            outcome=end.outcome,
            exit_code=end.exit_code,
            error_class=end.error_class,
            error_text=end.error_text,
            peak_memory=end.peak_memory,
            seconds=end.seconds,
        )
    )


def fresh_job(session: Session, job_id: int) -> Job:
    """Return a job as it is in the database now. Raises TransitionRefused if there is none."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise no_job(job_id, TransitionRefused)
    return job


def append_event(session: Session, job_id: int, text: str, now: float, *, level: str = "info") -> None:
    """Append an event to a job's history. Routine events of steps have level `debug`."""
    session.connection().execute(insert(EVENT).values(job_id=job_id, at=now, level=level, text=text))


def _refuse_job(session: Session, job_id: int, verb: str) -> NoReturn:
    sentence, remedy = why_not(fresh_job(session, job_id), verb)
    raise TransitionRefused(sentence, remedy=remedy)


def _refuse_step(session: Session, step_id: int, token: int, verb: str) -> NoReturn:
    step = session.get(Step, step_id, populate_existing=True)
    found = f"it is {step.state} under token {step.token}" if step else "it no longer exists"
    raise TransitionRefused(f"Step {step_id} cannot be {verb} under token {token}: {found}.")
