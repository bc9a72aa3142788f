"""What the daemon asks of the store. Rows come as copies; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from dropdub.errors import UsageError
from dropdub.store.database import Store
from dropdub.store.states import UNFINISHED, JobState, NoticeState, Outcome, StepState
from dropdub.store.tables import Attempt, Control, Job, Notice, Owner, Step

_GOING = (JobState.QUEUED, JobState.RUNNING)
_NOT_COMPARED = ("duplicates",)
"""Options that change nothing in what is made, or where it goes."""


@dataclass(frozen=True)
class Claiming:
    """A job whose file is still to be moved."""

    id: int
    round: int
    name: str


def job(store: Store, job_id: int) -> Job:
    """Return a job. Raises UsageError where there is none."""
    with store.reading() as session:
        found = session.get(Job, job_id)
    if found is None:
        raise UsageError(f"There is no job {job_id}.", remedy="See which there are with: `dropdub status`.")
    return found


def unfinished_jobs(store: Store, states: Collection[str] = UNFINISHED) -> list[Job]:
    """Return the jobs in these states, oldest first."""
    return _jobs(store, col(Job.state).in_(states))


def staged_jobs(store: Store) -> list[Job]:
    """Return the jobs that have a staging folder, oldest first."""
    return _jobs(store, col(Job.staging).is_not(None))


def claiming_jobs(store: Store) -> list[Claiming]:
    """Return, oldest first, what is needed to choose among the jobs whose files are still to be moved.

    Not the whole rows: there may be thousands. Those on which a verdict stands are left out, they end.
    """
    columns = (col(Job.id), col(Job.round), col(Job.name))
    query = sql_select(*columns).where(col(Job.state) == JobState.CLAIMING, col(Job.verdict).is_(None))
    with store.reading() as session:
        rows = session.connection().execute(query.order_by(col(Job.id))).all()
    return [Claiming(id_, round_, name) for id_, round_, name in rows if id_ is not None]


def jobs(store: Store, ids: Collection[int]) -> dict[int, Job]:
    """Return those of these jobs that there are, by id."""
    return {job.id: job for job in _jobs(store, col(Job.id).in_(ids)) if job.id is not None} if ids else {}


def jobs_like(store: Store, stem: str, states: Collection[str]) -> list[Job]:
    """Return the jobs in these states whose file's name begins with `stem`; capitals may differ."""
    return _jobs(store, col(Job.name).istartswith(stem, autoescape=True), col(Job.state).in_(states))


def cancel_requested(store: Store) -> list[Job]:
    """Return the jobs that a person wants cancelled and that do not end yet."""
    return _jobs(store, col(Job.state).in_(UNFINISHED), col(Job.cancel_requested).is_(True), col(Job.verdict).is_(None))


def jobs_to_end(store: Store) -> list[Job]:
    """Return the jobs whose steps have all ended, and on which nothing is decided yet."""
    return _jobs(store, col(Job.state).in_(_GOING), col(Job.verdict).is_(None), ~_has_open_steps())


def jobs_ending(store: Store) -> list[Job]:
    """Return the jobs on which is decided, and whose files are still to be moved."""
    return _jobs(store, col(Job.state).in_(UNFINISHED), col(Job.verdict).is_not(None))


def parties(store: Store) -> list[tuple[str | None, str | None]]:
    """Return whose files are queued or at work: owners and folders, the one with the oldest job first."""
    whose = (col(Job.owner), col(Job.folder))
    query = sql_select(*whose).where(col(Job.state).in_((JobState.QUEUED, JobState.RUNNING))).group_by(*whose)
    with store.reading() as session:
        rows = session.connection().execute(query.order_by(func.min(col(Job.id)))).all()
    return [(owner, folder) for owner, folder in rows]


def twin_ended(store: Store, waiting_for: str) -> list[Job]:
    """Return the duplicates that wait (for `waiting_for`) though their twin has ended, or is gone."""
    twin = aliased(Job)
    at_work = exists().where(col(twin.id) == col(Job.dup_of), col(twin.state).in_(UNFINISHED))
    return _jobs(store, col(Job.state) == JobState.WAITING, col(Job.waiting_for) == waiting_for, ~at_work)


def owner(store: Store) -> Owner | None:
    """Return the root whose database this is; None if it has not been recorded yet."""
    with store.reading() as session:
        return session.exec(select(Owner)).first()


def any_job(store: Store) -> bool:
    """Return whether the database knows any job."""
    with store.reading() as session:
        return session.exec(select(Job.id).limit(1)).first() is not None


def open_work(store: Store) -> bool:
    """Return whether any job goes on without something changing first (one that waits does not)."""
    with store.reading() as session:
        going = col(Job.state).in_((JobState.CLAIMING, *_GOING))
        return session.exec(select(Job.id).where(going).limit(1)).first() is not None


def running_steps(store: Store) -> list[Step]:
    """Return the steps that are under way, or were when their run died."""
    with store.reading() as session:
        running = col(Step.state) == StepState.RUNNING
        return list(session.exec(select(Step).where(running).order_by(col(Step.id))))


def steps(store: Store, job_id: int, round_: int) -> list[Step]:
    """Return the steps of a job's round in the order of their phases."""
    with store.reading() as session:
        return _steps(session, col(Step.job_id) == job_id, col(Step.round) == round_)


def results(store: Store, job: Job) -> dict[str, dict[str, Any]]:
    """Return the results of the job's succeeded steps of this round, by step key."""
    with store.reading() as session:
        mine = (col(Step.job_id) == job.id, col(Step.round) == job.round)
        done = _steps(session, *mine, col(Step.state) == StepState.SUCCEEDED)
    return {step.key: step.result or {} for step in done}


def failures(store: Store, step: Step, error_class: str, *, told: bool = False) -> int:
    """Return how many attempts of a step ended in this error; `told`: not those where a worker's death was its sign."""
    with store.reading() as session:
        found = [col(Attempt.step_id) == step.id, col(Attempt.error_class) == error_class]
        found += [col(Attempt.exit_code).is_(None)] if told else []
        return session.exec(select(func.count()).select_from(Attempt).where(*found)).one()


def same_content(store: Store, job: Job) -> Job | None:
    """Return a job that made, or is making, the same of the same content; never one that was a duplicate itself.

    Of two at work, the one whose content was known first is the twin of the other: asked when a job's content is
    known and not recorded yet, exactly one gives way. Nobody is told of another owner's file: its content is done
    again. Asks for `content_hash` and `options` of the `job` given.
    """
    if job.content_hash is None:
        return None
    succeeded = col(Job.state) == JobState.SUCCEEDED
    at_work = (
        col(Job.state).in_(UNFINISHED)
        & (col(Job.verdict).is_(None) | (col(Job.verdict) == JobState.SUCCEEDED))
        & col(Job.cancel_requested).is_(False)
    )
    twins = _jobs(
        store,
        col(Job.content_hash) == job.content_hash,
        col(Job.id) != job.id,
        col(Job.dup_of).is_(None),
        col(Job.owner).is_not_distinct_from(job.owner),
        succeeded | at_work,
    )
    same = [twin for twin in twins if _compared(twin) == _compared(job)]
    return min(same, key=lambda twin: twin.state != JobState.SUCCEEDED, default=None)


def requests(store: Store) -> frozenset[str]:
    """Return what commands ask of the daemon now: some of `paused` and `stop`."""
    with store.reading() as session:
        return frozenset(row.key for row in session.exec(select(Control)) if row.value)


def pools_with_queue(store: Store, pools: Collection[str], now: float) -> set[str]:
    """Return those pools for which a due step is queued; it may still be blocked by an earlier one."""
    due = {name: exists().where(*_due(name, now)).label(name) for name in pools}
    with store.reading() as session:
        row = session.connection().execute(sql_select(*due.values())).one()
    return {name for name, found in zip(due, row, strict=True) if found}


def next_notice(store: Store, channel: str, *, now: float, longest_s: float) -> Notice | None:
    """Return the notice of a channel that is due, the longest due first.

    One whose time lies more than `longest_s`, the longest pause, ahead was put off before the clock was set back: it
    is due as well.
    """
    due = (col(Notice.scheduled_at) <= now) | (col(Notice.scheduled_at) > now + longest_s)
    mine = (col(Notice.state) == NoticeState.QUEUED, col(Notice.channel) == channel)
    with store.reading() as session:
        return session.exec(select(Notice).where(*mine, due).order_by(col(Notice.scheduled_at)).limit(1)).first()


@dataclass(frozen=True)
class Depths:
    """How much there is of what. `oldest`: when the oldest unfinished job came (epoch seconds)."""

    jobs: dict[str, int] = field(default_factory=dict)
    steps: dict[tuple[str, str], int] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)
    oldest: float | None = None


def depths(store: Store) -> Depths:
    """Return the numbers of jobs and notices by state, and of open steps by pool and state."""
    open_steps = col(Step.state).in_((StepState.QUEUED, StepState.RUNNING))
    with store.reading() as session:
        jobs = session.exec(select(Job.state, func.count()).group_by(col(Job.state))).all()
        steps = session.exec(
            select(Step.pool, Step.state, func.count()).where(open_steps).group_by(col(Step.pool), col(Step.state))
        ).all()
        notices = session.exec(select(Notice.state, func.count()).group_by(col(Notice.state))).all()
        oldest = session.exec(select(func.min(col(Job.created_at))).where(col(Job.state).in_(UNFINISHED))).one()
    return Depths(
        jobs={state.value: 0 for state in JobState} | dict(jobs),
        steps={(pool, state): number for pool, state, number in steps},
        notices=dict(notices),
        oldest=oldest,
    )


def transcribed(store: Store, *, limit: int) -> list[tuple[float, float]]:
    """Return seconds of recording and of work of the newest transcribed chunks, the oldest of them first.

    A chunk that the cache had was not transcribed.
    """
    done = (
        col(Step.stage) == "transcribe",
        col(Attempt.outcome) == Outcome.SUCCEEDED,
        col(Step.result)["cached"].as_boolean().is_not(True),
    )
    query = select(Step.params, Attempt.seconds).join(Attempt, col(Attempt.step_id) == col(Step.id)).where(*done)
    with store.reading() as session:
        rows = session.exec(query.order_by(col(Attempt.id).desc()).limit(limit)).all()
    return [(params["end"] - params["start"], seconds) for params, seconds in reversed(rows) if seconds]


def _due(pool: str, now: float) -> tuple[ColumnElement[bool], ...]:
    return col(Step.state) == StepState.QUEUED, col(Step.pool) == pool, col(Step.scheduled_at) <= now


def _jobs(store: Store, *conditions: ColumnElement[bool]) -> list[Job]:
    with store.reading() as session:
        return list(session.exec(select(Job).where(*conditions).order_by(col(Job.id))))


def _steps(session: Session, *conditions: ColumnElement[bool]) -> list[Step]:
    return list(session.exec(select(Step).where(*conditions).order_by(col(Step.phase), col(Step.id))))


def _has_open_steps() -> ColumnElement[bool]:
    return exists().where(
        col(Step.job_id) == col(Job.id),
        col(Step.round) == col(Job.round),
        col(Step.state).in_((StepState.QUEUED, StepState.RUNNING)),
    )


def _compared(job: Job) -> dict[str, Any]:
    return {name: value for name, value in job.options.items() if name not in _NOT_COMPARED}
