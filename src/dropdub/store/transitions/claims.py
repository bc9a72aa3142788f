"""Claims: a step becomes a worker's, queued → running, under a new token."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, insert, null, select, update
from sqlmodel import Session

from dropdub.store.database import Store
from dropdub.store.states import JobState, Priority, StepState
from dropdub.store.tables import ATTEMPT, JOB, STEP, Step
from dropdub.store.transitions.branches import comes_before, has_settled
from dropdub.store.transitions.guard import append_event, fresh_job
from dropdub.store.transitions.values import Claim, Party


def claim_step(  # noqa: PLR0913  keywords: what restricts the choice
    store: Store,
    *,
    pool: str,
    owner: str,
    now: float,
    job_ids: Collection[int] | None = None,
    party: Party | None = None,
    priorities: Sequence[int] = tuple(Priority),
    stages: Collection[str] | None = None,
    without: Collection[int] = (),
) -> Claim | None:
    """Claim the next due step of `pool`, ordered by job, phase and id; return None if none is due.

    `owner` is the id of the daemon's run. `job_ids`, `party`, `stages`, and the ids of steps in `without`, restrict the
    choice. The first of the `priorities` that has a due step is chosen. A claim among requests that somebody waits for
    is not flushed: after a power cut, it is made again.
    """
    query = claimable(of_jobs=job_ids is not None, of_party=party is not None, of_stages=stages is not None)
    values = claim_values(pool, now, job_ids, party, stages, without)
    with store.transaction(flushed=tuple(priorities) != (Priority.INTERACTIVE,)) as session:
        for priority in priorities:
            found = session.connection().execute(query, {**values, "priority": priority}).first()
            if found:
                return _claim(session, found.id, found.token, owner=owner, now=now)
    return None


def claimable_parties(store: Store, *, pool: str, now: float) -> list[Party]:
    """Return the parties that have claimable steps of `pool`, the one with the oldest job first.

    Runs an index lookup in `ix_step_state_pool` for each job instead of scanning all blocked steps.
    """
    its_own = (STEP.c.job_id == JOB.c.id, STEP.c.round == JOB.c.round, STEP.c.priority == JOB.c.priority)
    due = exists(_due().where(*its_own))
    query = select(JOB.c.owner, JOB.c.folder).where(_is_active(), due).group_by(JOB.c.owner, JOB.c.folder)
    with store.reading() as session:
        rows = session.connection().execute(query.order_by(func.min(JOB.c.id)), {"pool": pool, "now": now}).all()
    return [(owner, folder) for owner, folder in rows]


@cache
def claimable(*, of_jobs: bool = False, of_party: bool = False, of_stages: bool = False) -> Select[int, int]:
    """Return the query for the due step of a pool and `:priority` that is claimed next; its other values are those of
    `claim_values`.

    It is built once, since an idle daemon asks several times a second, and building takes longer than the answer.
    The job's conditions are in an EXISTS, not in a join: this way the database walks the queued steps in order along
    `ix_step_state_pool` and stops at the first match, however many jobs there are.
    """
    of_job = [JOB.c.id == STEP.c.job_id, JOB.c.round == STEP.c.round, _is_active()]
    if of_party:
        of_job += [column.is_not_distinct_from(bindparam(column.name)) for column in (JOB.c.owner, JOB.c.folder)]
    query = _due().where(STEP.c.priority == bindparam("priority"), exists().where(*of_job))
    if of_jobs:
        query = query.where(STEP.c.job_id.in_(bindparam("job_ids", expanding=True)))
    if of_stages:
        query = query.where(STEP.c.stage.in_(bindparam("stages", expanding=True)))
        query = query.where(STEP.c.id.not_in(bindparam("without", expanding=True)))
    return query.order_by(STEP.c.job_id, STEP.c.phase, STEP.c.id).limit(1).with_for_update(skip_locked=True)


def claim_values(
    pool: str,
    now: float,
    job_ids: Collection[int] | None = None,
    party: Party | None = None,
    stages: Collection[str] | None = None,
    without: Collection[int] = (),
) -> dict[str, Any]:
    """Return the values of the query `claimable`."""
    values: dict[str, Any] = {"pool": pool, "now": now}
    if job_ids is not None:
        values["job_ids"] = sorted(job_ids)
    if party is not None:
        values["owner"], values["folder"] = party
    if stages is not None:
        values |= {"stages": sorted(stages), "without": sorted(without)}
    return values


def _due() -> Select[int, int]:
    """Return the query for the queued steps of `:pool`, due at `:now`, whose earlier steps have settled."""
    earlier = STEP.alias("earlier")
    blocked = exists().where(comes_before(earlier, STEP), ~has_settled(earlier, STEP))
    queued = (STEP.c.state == StepState.QUEUED, STEP.c.pool == bindparam("pool"))
    return select(STEP.c.id, STEP.c.token).where(*queued, STEP.c.scheduled_at <= bindparam("now"), ~blocked)


def _is_active() -> ColumnElement[bool]:
    return and_(
        JOB.c.state.in_((JobState.QUEUED, JobState.RUNNING)),
        JOB.c.cancel_requested.is_(False),
        JOB.c.verdict.is_(None),
    )


def _claim(session: Session, step_id: int, token: int, *, owner: str, now: float) -> Claim | None:
    if not _raise_token(session, step_id, token, owner):
        return None
    step = session.get(Step, step_id, populate_existing=True)
    assert step is not None
    attempt = insert(ATTEMPT).values(step_id=step_id, token=step.token, run_id=owner, started_at=now)
    session.connection().execute(attempt)
    _start_job(session, step.job_id, now)
    append_event(session, step.job_id, f"{step.key} started", now, level="debug")
    return Claim(step=step, job=fresh_job(session, step.job_id))


def _raise_token(session: Session, step_id: int, token: int, owner: str) -> bool:
    change = update(STEP).where(STEP.c.id == step_id, STEP.c.state == StepState.QUEUED, STEP.c.token == token)
    values = {"state": StepState.RUNNING, "token": token + 1, "owner": owner, "result": null()}
    return session.connection().execute(change.values(**values)).rowcount == 1


def _start_job(session: Session, job_id: int, now: float) -> None:
    """Set a queued job to running; a running job is left unchanged."""
    change = update(JOB).where(JOB.c.id == job_id, JOB.c.state == JobState.QUEUED)
    session.connection().execute(change.values(state=JobState.RUNNING, started_at=now))
