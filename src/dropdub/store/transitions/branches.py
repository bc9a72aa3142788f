"""Which steps of a job block which others: a single rule, as SQL, for claims and for failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import ColumnElement, FromClause, Update, and_, bindparam, exists, insert, or_, select, update
from sqlmodel import Session

from dropdub.store.states import StepState
from dropdub.store.steps import StepSpec
from dropdub.store.tables import JOB, STEP, Job, Step


def comes_before(earlier: FromClause, later: FromClause) -> ColumnElement[bool]:
    """Return the condition under which `later` needs `earlier`: same job and round, lower phase, no other branch."""
    return and_(
        earlier.c.job_id == later.c.job_id,
        earlier.c.round == later.c.round,
        earlier.c.phase < later.c.phase,
        or_(earlier.c.target.is_(None), later.c.target.is_(None), earlier.c.target == later.c.target),
    )


def has_settled(earlier: FromClause, later: FromClause) -> ColumnElement[bool]:
    """Return the condition under which `later` need not wait for `earlier`, which comes before it.

    It has succeeded; or it is of a branch and has ended badly, and `later` is on the trunk: report and manifest wait
    for every target, and are made even if one failed.
    """
    return or_(earlier.c.state == StepState.SUCCEEDED, and_(_ended_badly(earlier), _closes(earlier, later)))


def _ended_badly(step: FromClause) -> ColumnElement[bool]:
    return step.c.state.in_((StepState.FAILED, StepState.CANCELLED))


def _closes(earlier: FromClause, later: FromClause) -> ColumnElement[bool]:
    """Return whether `later` is on the trunk and closes what `earlier` did on a branch."""
    return and_(earlier.c.target.is_not(None), later.c.target.is_(None))


def cancel_blocked(session: Session, job_id: int, round_: int) -> None:
    """Cancel the queued steps that can never run because a step they need failed or was cancelled."""
    of_round = {"of_job": job_id, "of_round": round_}
    while session.connection().execute(_cancel_blocked(), of_round).rowcount:
        pass  # a cancelled trunk step blocks further branches


@cache
def _cancel_blocked() -> Update:
    """Return the change of the steps `:of_round` of a job. It is built once, since every step ends with it."""
    broken = STEP.alias("broken")
    blocks = and_(_ended_badly(broken), comes_before(broken, STEP), ~_closes(broken, STEP))
    of_round = (STEP.c.job_id == bindparam("of_job"), STEP.c.round == bindparam("of_round"))
    queued = update(STEP).where(*of_round, STEP.c.state == StepState.QUEUED)
    return queued.where(exists().where(blocks)).values(state=StepState.CANCELLED)


def cancel_queued(session: Session, job_id: int) -> None:
    """Cancel all queued steps of a job."""
    queued = update(STEP).where(STEP.c.job_id == job_id, STEP.c.state == StepState.QUEUED)
    session.connection().execute(queued.values(state=StepState.CANCELLED))


def insert_steps(session: Session, steps: Mapping[tuple[int, int], Sequence[StepSpec]]) -> None:
    """Insert the steps, given by job id and round, that do not exist yet; planning twice adds nothing."""
    wanted = {(*job, spec.key): _row(*job, spec) for job, specs in steps.items() for spec in specs}
    if not wanted:
        return
    known_priorities = select(JOB.c.id, JOB.c.priority).where(JOB.c.id.in_({id_ for id_, _ in steps}))
    priority_of = {row.id: row.priority for row in session.connection().execute(known_priorities)}
    mine = select(STEP.c.job_id, STEP.c.round, STEP.c.key).where(STEP.c.job_id.in_({id_ for id_, _ in steps}))
    for known in session.connection().execute(mine):
        wanted.pop(tuple(known), None)
    if wanted:
        rows = [{**row, "priority": priority_of[job_id]} for (job_id, _, _), row in wanted.items()]
        session.connection().execute(insert(STEP), rows)


def insert_first_steps(session: Session, job: Job, steps: Sequence[StepSpec]) -> None:
    """Insert the steps of a job that was recorded in this transaction, and so has none."""
    assert job.id is not None
    rows = [{**_row(job.id, job.round, spec), "priority": job.priority} for spec in steps]
    if rows:
        session.connection().execute(insert(STEP), rows)


def insert_carried(session: Session, job_id: int, round_: int, steps: Sequence[Step]) -> None:
    """Insert succeeded steps of an earlier round into this one, with their results."""
    for step in steps:
        spec = StepSpec(step.key, step.stage, step.phase, step.target, step.pool, step.params)
        done = {"state": StepState.SUCCEEDED, "result": step.result, "progress": 1.0, "priority": step.priority}
        session.connection().execute(insert(STEP).values(**_row(job_id, round_, spec) | done))


def _row(job_id: int, round_: int, spec: StepSpec) -> dict[str, object]:
    return {
        "job_id": job_id,
        "round": round_,
        "key": spec.key,
        "stage": spec.stage,
        "phase": spec.phase,
        "target": spec.target,
        "pool": spec.pool,
        "params": dict(spec.params),
        "state": StepState.QUEUED,
        "token": 0,
        "attempts": 0,
        "scheduled_at": 0.0,
        "progress": 0.0,
    }
