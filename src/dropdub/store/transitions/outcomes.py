"""A step's way out of a worker: running → succeeded, failed, or queued again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import null, update
from sqlmodel import Session

from dropdub.store.database import Store
from dropdub.store.states import Outcome, StepState
from dropdub.store.steps import StepSpec
from dropdub.store.transitions.branches import cancel_blocked, insert_steps
from dropdub.store.transitions.guard import JOB, STEP, change_step, end_attempt, fresh_job, tell
from dropdub.store.transitions.values import AttemptEnd, JobFacts


def commit_result(store: Store, step_id: int, token: int, result: Mapping[str, Any]) -> None:
    """Keep what a running step returned, before it is acted on: a crash in between finds it and goes on from here."""
    with store.transaction() as session:
        change_step(session, step_id, token, "committed", result=dict(result))


def complete_step(
    store: Store,
    step_id: int,
    token: int,
    *,
    result: Mapping[str, Any],
    facts: JobFacts,
    steps: Sequence[StepSpec],
    end: AttemptEnd,
    now: float,
) -> None:
    """Take a step's result: running → succeeded. Its job learns the facts and gets the steps that follow."""
    with store.transaction() as session:
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
        job = _learn(session, step.job_id, facts, now)
        insert_steps(session, {(step.job_id, job.round): steps})
        cancel_blocked(session, step.job_id, step.round)
        tell(session, step.job_id, f"{step.key} succeeded", now, level="debug")


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
    """Queue a step again after an error, not before `at`: running → queued, one attempt spent."""
    with store.transaction() as session:
        step = _back_to_queue(session, step_id, token, error=dict(error), scheduled_at=at, attempts=STEP.c.attempts + 1)
        end_attempt(session, step, end, now)
        text = f"{step.key} is tried again in {max(0, round(at - now))} s: {error.get('message', '')}"
        tell(session, step.job_id, text, now, level="warning")


def fail_step(store: Store, step_id: int, token: int, *, error: Mapping[str, Any], end: AttemptEnd, now: float) -> None:
    """Give a step up: running → failed. The queued steps that need it are cancelled."""
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
        tell(session, step.job_id, f"{step.key} failed: {error.get('message', '')}", now, level="error")


def release_step(store: Store, step_id: int, token: int, *, end: AttemptEnd, now: float) -> None:
    """Put a step back that was stopped on purpose: running → queued, nothing spent."""
    with store.transaction() as session:
        step = _back_to_queue(session, step_id, token)
        end_attempt(session, step, end, now)
        tell(session, step.job_id, f"{step.key} was put back", now, level="debug")


def count_interruption(store: Store, job_id: int) -> int:
    """Note that a run died while a job was being worked on; return how often since a step of it last succeeded."""
    with store.transaction() as session:
        count = update(JOB).where(JOB.c.id == job_id).values(interruptions=JOB.c.interruptions + 1)
        session.connection().execute(count)
        return fresh_job(session, job_id).interruptions


def rescue_step(store: Store, step_id: int, token: int, *, now: float) -> None:
    """Put a step back whose run died: running → queued."""
    with store.transaction() as session:
        step = _back_to_queue(session, step_id, token)
        end_attempt(session, step, AttemptEnd(Outcome.INTERRUPTED), now)
        tell(session, step.job_id, f"{step.key} was interrupted, and is queued again", now, level="warning")


def _back_to_queue(session: Session, step_id: int, token: int, **values: Any) -> Any:
    """Queue a running step again, without what this attempt left."""
    clean = {"state": StepState.QUEUED, "owner": None, "progress": 0.0, "result": null()}
    return change_step(session, step_id, token, "queued again", **clean, **values)


def _learn(session: Session, job_id: int, facts: JobFacts, now: float) -> Any:
    job = fresh_job(session, job_id)
    lists = {"warnings": facts.warnings, "outputs": facts.outputs}
    values = {name: value for name, value in asdict(facts).items() if name not in lists and value is not None}
    values |= {name: _joined(getattr(job, name), more) for name, more in lists.items() if more}
    session.connection().execute(update(JOB).where(JOB.c.id == job_id).values(interruptions=0, **values))
    for text in facts.warnings:
        if text not in job.warnings:
            tell(session, job_id, text, now, level="warning")
    return job


def _joined(known: Iterable[str], more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*known, *more]))
