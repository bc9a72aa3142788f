"""Outcomes of a step: running → succeeded, failed, or back to queued."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import case, null, update
from sqlmodel import Session

from dropdub.stage_table import KEEP_PIECES
from dropdub.store.database import Store
from dropdub.store.states import JobState, Origin, Outcome, StepState
from dropdub.store.steps import StepSpec
from dropdub.store.tables import JOB, STEP, Step
from dropdub.store.transitions.branches import cancel_blocked, insert_carried, insert_steps
from dropdub.store.transitions.guard import append_event, change_step, end_attempt, fresh_job
from dropdub.store.transitions.values import AttemptEnd, JobFacts


def commit_result(store: Store, step_id: int, token: int, result: Mapping[str, Any]) -> None:
    """Store the result of a running step before it is acted on, so that a run after a crash continues from here."""
    with store.transaction() as session:
        change_step(session, step_id, token, "committed", result=dict(result))


def complete_step(  # noqa: PLR0913  keywords: what one transaction writes
    store: Store,
    step_id: int,
    token: int,
    *,
    result: Mapping[str, Any],
    facts: JobFacts,
    steps: Sequence[StepSpec],
    end: AttemptEnd,
    now: float,
    carried: Sequence[Step] = (),
    is_answer: bool = False,
) -> None:
    """Accept a step's result: running → succeeded. Store the facts in its job and insert the steps that follow.

    `carried`: succeeded steps of an earlier round that count in this one too. `is_answer`: the result answers a request
    without a file, whose job succeeds with it, unless it is being cancelled: there is no file to move. That is not
    flushed: after a power cut, the step's result is accepted again, or made again.
    """
    with store.transaction(flushed=not is_answer) as session:
        step = change_step(
            session,
            step_id,
            token,
            "completed",
            state=StepState.SUCCEEDED,
            result=dict(result),
            error=null(),
            progress=1.0,
        )
        end_attempt(session, step, end, now)
        job = _store_facts(session, step.job_id, facts, now)
        insert_carried(session, step.job_id, job.round, carried)
        insert_steps(session, {(step.job_id, job.round): steps})
        cancel_blocked(session, step.job_id, step.round)
        append_event(session, step.job_id, f"{step.key} succeeded", now, level="debug")
        if is_answer:
            _answer(session, step.job_id, now)


def retry_step(
    store: Store,
    step_id: int,
    token: int,
    *,
    error: Mapping[str, Any],
    at: float,
    end: AttemptEnd,
    now: float,
) -> None:
    """Requeue a step after an error, not before `at`: running → queued, one attempt used."""
    with store.transaction() as session:
        step = _requeue(session, step_id, token, error=dict(error), scheduled_at=at, attempts=STEP.c.attempts + 1)
        end_attempt(session, step, end, now)
        text = f"{step.key} will be retried in {max(0, round(at - now))} s: {error.get('message', '')}"
        append_event(session, step.job_id, text, now, level="warning")


def fail_step(store: Store, step_id: int, token: int, *, error: Mapping[str, Any], end: AttemptEnd, now: float) -> None:
    """Fail a step permanently: running → failed. The queued steps that need it are cancelled."""
    with store.transaction() as session:
        step = change_step(
            session,
            step_id,
            token,
            "failed",
            state=StepState.FAILED,
            owner=None,
            error=dict(error),
            attempts=STEP.c.attempts + 1,
        )
        end_attempt(session, step, end, now)
        cancel_blocked(session, step.job_id, step.round)
        append_event(session, step.job_id, f"{step.key} failed: {error.get('message', '')}", now, level="error")


def release_step(store: Store, step_id: int, token: int, *, end: AttemptEnd, now: float) -> None:
    """Return an intentionally stopped step to the queue: running → queued, without using an attempt."""
    with store.transaction() as session:
        step = _requeue(session, step_id, token)
        end_attempt(session, step, end, now)
        append_event(session, step.job_id, f"{step.key} was requeued", now, level="debug")


def count_interruption(store: Store, job_id: int) -> int:
    """Count that a daemon run died while a job was running; return the count since a step of it last succeeded."""
    with store.transaction() as session:
        count = update(JOB).where(JOB.c.id == job_id).values(interruptions=JOB.c.interruptions + 1)
        session.connection().execute(count)
        return fresh_job(session, job_id).interruptions


def rescue_step(store: Store, step_id: int, token: int, *, now: float) -> None:
    """Return a step whose daemon run died to the queue: running → queued."""
    with store.transaction() as session:
        step = _requeue(session, step_id, token)
        end_attempt(session, step, AttemptEnd(Outcome.INTERRUPTED), now)
        append_event(session, step.job_id, f"{step.key} was interrupted; requeued", now, level="warning")


def _requeue(session: Session, step_id: int, token: int, **values: Any) -> Any:
    """Requeue a running step and clear what this attempt left, except the progress of a stage that keeps its pieces."""
    progress = case((STEP.c.stage.in_(KEEP_PIECES), STEP.c.progress), else_=0.0)
    clean = {"state": StepState.QUEUED, "owner": None, "progress": progress, "result": null()}
    return change_step(session, step_id, token, "requeued", **clean, **values)


def _store_facts(session: Session, job_id: int, facts: JobFacts, now: float) -> Any:
    job = fresh_job(session, job_id)
    lists = {"warnings": facts.warnings, "outputs": facts.outputs}
    values = {name: value for name, value in asdict(facts).items() if name not in lists and value is not None}
    values |= {name: _joined(getattr(job, name), more) for name, more in lists.items() if more}
    if job.interruptions:
        values["interruptions"] = 0
    if values:
        session.connection().execute(update(JOB).where(JOB.c.id == job_id).values(**values))
    for text in facts.warnings:
        if text not in job.warnings:
            append_event(session, job_id, text, now, level="warning")
    return job


def _answer(session: Session, job_id: int, now: float) -> None:
    undecided = (JOB.c.state == JobState.RUNNING, JOB.c.verdict.is_(None), JOB.c.cancel_requested.is_(False))
    change = update(JOB).where(JOB.c.id == job_id, JOB.c.origin == Origin.ASKED, *undecided)
    session.connection().execute(change.values(state=JobState.SUCCEEDED, finished_at=now))


def _joined(known: Iterable[str], more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*known, *more]))
