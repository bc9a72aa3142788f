"""The daemon's read-only queries. Rows are returned as copies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

from dropdub.errors import UsageError
from dropdub.stage_table import BY_CHUNK, LEARN_LANGUAGE
from dropdub.store.database import Store
from dropdub.store.no_job import no_job
from dropdub.store.states import (
    ENDED,
    REQUESTS,
    UNFINISHED,
    JobState,
    LineState,
    NoticeState,
    Origin,
    Outcome,
    Priority,
    StepState,
)
from dropdub.store.tables import (
    ATTEMPT,
    JOB,
    LINE,
    NOTICE,
    STEP,
    Attempt,
    Control,
    Job,
    Line,
    Monitor,
    Notice,
    Owner,
    Step,
)

_GOING = (JobState.QUEUED, JobState.RUNNING)
_NOT_COMPARED = ("duplicates",)
"""Options that affect neither the outputs nor their place."""
LAST_NAMES = 500
"""Of the files from one folder: as many as one release has, and no more than is read in a moment."""


@dataclass(frozen=True)
class Claiming:
    """A job whose file has not been moved yet."""

    id: int
    round: int
    name: str


def job(store: Store, job_id: int) -> Job:
    """Return a job. Raises UsageError if there is none."""
    with store.reading() as session:
        found = session.get(Job, job_id)
    if found is None:
        raise no_job(job_id, UsageError)
    return found


def unfinished_jobs(store: Store, states: Collection[str] = UNFINISHED) -> list[Job]:
    """Return the jobs in these states, oldest first."""
    return _jobs(store, JOB.c.state.in_(states))


def staged_jobs(store: Store) -> list[Job]:
    """Return the jobs that have a staging folder, oldest first."""
    return _jobs(store, JOB.c.staging.is_not(None))


def claiming_jobs(store: Store) -> list[Claiming]:
    """Return the jobs whose files have not been moved yet, oldest first; not those that already have a verdict.

    Only the columns needed to choose among them: there may be thousands.
    """
    with store.reading() as session:
        rows = session.connection().execute(_claiming()).all()
    return [Claiming(id_, round_, name) for id_, round_, name in rows if id_ is not None]


def jobs(store: Store, ids: Collection[int]) -> dict[int, Job]:
    """Return the jobs with these ids, by id; ids without a job are left out."""
    return {job.id: job for job in _jobs(store, JOB.c.id.in_(ids)) if job.id is not None} if ids else {}


def jobs_like(store: Store, stem: str, states: Collection[str]) -> list[Job]:
    """Return the jobs in these states whose file name begins with `stem`, ignoring case."""
    return _jobs(store, JOB.c.name.istartswith(stem, autoescape=True), JOB.c.state.in_(states))


def names_from(store: Store, folder: str | None, states: Collection[str]) -> list[str]:
    """Return the names of the last `LAST_NAMES` files that came from a folder in the inbox, of jobs in these states.

    None is the inbox itself.
    """
    is_from = (JOB.c.folder == folder, JOB.c.origin == "dropped", JOB.c.state.in_(states))
    query = sql_select(JOB.c.name).where(*is_from).order_by(JOB.c.id.desc()).limit(LAST_NAMES)
    with store.reading() as session:
        return [str(name) for (name,) in session.connection().execute(query).all()]


def folders_of_ended(store: Store) -> dict[str, float]:
    """Return the folders in the inbox that ended jobs came from, each with the end of its last job, in Unix seconds."""
    is_known = (JOB.c.folder.is_not(None), JOB.c.finished_at.is_not(None), JOB.c.state.in_(ENDED))
    query = sql_select(JOB.c.folder, func.max(JOB.c.finished_at)).where(*is_known).group_by(JOB.c.folder)
    with store.reading() as session:
        rows = session.connection().execute(query).all()
    return {folder: ended_at for folder, ended_at in rows if folder is not None}


def cancel_requested(store: Store) -> list[Job]:
    """Return the jobs that a person asked to cancel and that have no verdict yet."""
    return _found(store, _cancel_requested())


def jobs_to_end(store: Store) -> list[Job]:
    """Return the jobs whose steps have all ended and that have no verdict yet."""
    return _found(store, _to_end())


def jobs_ending(store: Store) -> list[Job]:
    """Return the jobs that have a verdict and whose files have not been moved yet."""
    return _found(store, _ending())


def parties(store: Store) -> list[tuple[str | None, str | None]]:
    """Return the owner and folder of each queued or running job, once each, the one with the oldest job first."""
    whose = (JOB.c.owner, JOB.c.folder)
    query = sql_select(*whose).where(JOB.c.state.in_((JobState.QUEUED, JobState.RUNNING))).group_by(*whose)
    with store.reading() as session:
        rows = session.connection().execute(query.order_by(func.min(JOB.c.id))).all()
    return [(owner, folder) for owner, folder in rows]


def duplicates_to_release(store: Store, waiting_for: str) -> list[Job]:
    """Return the duplicates that wait (for `waiting_for`) although the job they wait for has ended or is gone."""
    return _found(store, _duplicates(waiting_for))


def owner(store: Store) -> Owner | None:
    """Return the root that owns this database; None if it has not been recorded yet."""
    with store.reading() as session:
        return session.exec(select(Owner)).first()


def sent_files(store: Store) -> list[str]:
    """Return the paths of the files of unfinished jobs that came with a request."""
    sent = (JOB.c.origin.in_((Origin.UPLOADED, Origin.SENT)), JOB.c.state.in_(UNFINISHED))
    with store.reading() as session:
        return [str(path) for (path,) in session.connection().execute(sql_select(JOB.c.source).where(*sent))]


def job_of_request(store: Store, key: str) -> int | None:
    """Return the job that a request with this key has made; None if there is none."""
    with store.reading() as session:
        return session.connection().execute(sql_select(JOB.c.id).where(JOB.c.request_key == key)).scalar()


def any_job(store: Store) -> bool:
    """Return whether the database has any job."""
    with store.reading() as session:
        return session.exec(select(Job.id).limit(1)).first() is not None


def request_ids(store: Store) -> set[int]:
    """Return the ids of the jobs that requests made."""
    query = sql_select(JOB.c.id).where(JOB.c.request.is_not(None))
    with store.reading() as session:
        return {int(id_) for (id_,) in session.connection().execute(query) if id_ is not None}


def old_requests(store: Store, *, ended_before: float, monitors: Collection[str], most: int) -> list[int]:
    """Return the first ids of requests that ended before a time; not of lines of `monitors` that wait for delivery."""
    waits = (LINE.c.job_id == JOB.c.id, LINE.c.state == LineState.WAITING, LINE.c.monitor.in_(monitors))
    old = (JOB.c.origin.in_(REQUESTS), JOB.c.state.in_(ENDED), JOB.c.finished_at < ended_before)
    query = sql_select(JOB.c.id).where(*old, ~exists().where(*waits)).order_by(JOB.c.id).limit(most)
    with store.reading() as session:
        return [int(id_) for (id_,) in session.connection().execute(query)]


def open_work(store: Store) -> bool:
    """Return whether there is a job that can make progress now. A waiting job cannot."""
    with store.reading() as session:
        going = JOB.c.state.in_((JobState.CLAIMING, *_GOING))
        return session.exec(select(Job.id).where(going).limit(1)).first() is not None


def running_steps(store: Store) -> list[Step]:
    """Return the steps that are running, or were running when their daemon died."""
    with store.reading() as session:
        running = STEP.c.state == StepState.RUNNING
        return list(session.exec(select(Step).where(running).order_by(STEP.c.id)))


def steps(store: Store, job_id: int, round_: int) -> list[Step]:
    """Return the steps of a job's round in the order of their phases."""
    with store.reading() as session:
        return _steps(session, STEP.c.job_id == job_id, STEP.c.round == round_)


def results(store: Store, job: Job) -> dict[str, dict[str, Any]]:
    """Return the results of the job's succeeded steps of this round, by step key."""
    with store.reading() as session:
        done = _steps(session, *_of_round(job), STEP.c.state == StepState.SUCCEEDED)
    return {step.key: step.result or {} for step in done}


def failed_branches(store: Store, job: Job) -> list[Step]:
    """Return the failed step of each target of the job's round that failed."""
    with store.reading() as session:
        return _steps(session, *_of_round(job), STEP.c.state == StepState.FAILED, STEP.c.target.is_not(None))


def _of_round(job: Job) -> tuple[ColumnElement[bool], ...]:
    return STEP.c.job_id == job.id, STEP.c.round == job.round


def failures(store: Store, step: Step, error_class: str, *, reported_only: bool = False) -> int:
    """Return how many attempts of a step ended in this error.

    `reported_only`: count only errors that a worker reported, not those inferred from its death.
    """
    with store.reading() as session:
        found = [ATTEMPT.c.step_id == step.id, ATTEMPT.c.error_class == error_class]
        found += [ATTEMPT.c.exit_code.is_(None)] if reported_only else []
        return session.exec(select(func.count()).select_from(Attempt).where(*found)).one()


def same_content(store: Store, job: Job) -> Job | None:
    """Return the job that `job` duplicates: same content, same options, succeeded or running, itself no duplicate.

    Call it when the content hash of `job` is known but not yet recorded: then of two running jobs, exactly one becomes
    the duplicate, the one whose content was known later. Jobs of other owners do not count, so that nobody learns of
    another owner's file: the same content is then processed again. Uses `content_hash` and `options` of `job`.
    """
    if job.content_hash is None:
        return None
    succeeded = JOB.c.state == JobState.SUCCEEDED
    at_work = (
        JOB.c.state.in_(UNFINISHED)
        & (JOB.c.verdict.is_(None) | (JOB.c.verdict == JobState.SUCCEEDED))
        & JOB.c.cancel_requested.is_(False)
    )
    candidates = _jobs(
        store,
        JOB.c.content_hash == job.content_hash,
        JOB.c.id != job.id,
        JOB.c.dup_of.is_(None),
        JOB.c.owner.is_not_distinct_from(job.owner),
        succeeded | at_work,
    )
    same = [other for other in candidates if _relevant_options(other) == _relevant_options(job)]
    return min(same, key=lambda other: other.state != JobState.SUCCEEDED, default=None)


def languages_beside(store: Store, job: Job, *, since: float, limit: int) -> list[str]:
    """Return the languages of the latest jobs from a job's folder and owner, created after `since` (epoch seconds).

    Languages that were only guessed are left out. At most `limit` jobs are looked at.
    """
    assert job.id is not None
    beside = (
        JOB.c.id.between(job.id - limit, job.id + limit),
        JOB.c.id != job.id,
        JOB.c.folder.is_not_distinct_from(job.folder),
        JOB.c.owner.is_not_distinct_from(job.owner),
        JOB.c.created_at > since,
    )
    found = (STEP.c.stage.in_(LEARN_LANGUAGE), STEP.c.state == StepState.SUCCEEDED)
    language, is_certain = STEP.c.result["language"].as_string(), STEP.c.result["is_certain"].as_boolean()
    certain = (language.is_not(None), is_certain.is_not(False))
    query = sql_select(language).join(Job, JOB.c.id == STEP.c.job_id).where(*beside, *found, *certain)
    with store.reading() as session:
        return [str(row[0]) for row in session.connection().execute(query)]


def requests(store: Store) -> frozenset[str]:
    """Return the open requests of commands to the daemon: any of `paused` and `stop`."""
    with store.reading() as session:
        return frozenset(row.key for row in session.exec(select(Control)) if row.value)


def queued_priorities(store: Store, pools: Collection[str], now: float) -> dict[str, set[Priority]]:
    """Return the priorities of the due steps in the queue of each pool that has any; earlier steps may block them."""
    if not pools:
        return {}
    with store.reading() as session:
        row = session.connection().execute(_due_priorities(tuple(pools)), {"now": now}).one()
    queued: dict[str, set[Priority]] = {}
    for (pool, priority), found in zip(product(pools, Priority), row, strict=True):
        if found:
            queued.setdefault(pool, set()).add(priority)
    return queued


def next_retry(store: Store, now: float) -> float | None:
    """Return when the next queued step that still has to wait is due (epoch seconds); None if there is none."""
    with store.reading() as session:
        found = session.connection().execute(_next_retry(), {"now": now}).scalar()
    return None if found is None else float(found)


def next_notice(store: Store, channel: str, *, now: float, longest_s: float) -> Notice | None:
    """Return the notice of a channel that has been due the longest; None if none is due.

    A notice scheduled more than `longest_s` (the longest retry delay) ahead also counts as due: it was postponed
    before the clock was set back.
    """
    due = (NOTICE.c.scheduled_at <= now) | (NOTICE.c.scheduled_at > now + longest_s)
    mine = (NOTICE.c.state == NoticeState.QUEUED, NOTICE.c.channel == channel)
    with store.reading() as session:
        return session.exec(select(Notice).where(*mine, due).order_by(NOTICE.c.scheduled_at).limit(1)).first()


def monitor(store: Store, name: str) -> Monitor | None:
    """Return how far a monitored file has been read; None if it has never been looked at."""
    with store.reading() as session:
        return session.get(Monitor, name)


def next_line(store: Store, name: str) -> tuple[Line, Job] | None:
    """Return the first line of a monitored file that waits to be delivered, and its job; None if none does."""
    waits = (LINE.c.monitor == name, LINE.c.state == LineState.WAITING)
    query = select(Line, Job).join(Job, JOB.c.id == LINE.c.job_id).where(*waits).order_by(LINE.c.number).limit(1)
    with store.reading() as session:
        found = session.exec(query).first()
    return None if found is None else (found[0], found[1])


def lines_waiting(store: Store, name: str) -> int:
    """Return how many lines of a monitored file wait to be delivered."""
    with store.reading() as session:
        waits = (LINE.c.monitor == name, LINE.c.state == LineState.WAITING)
        return session.exec(select(func.count()).select_from(Line).where(*waits)).one()


@dataclass(frozen=True)
class Depths:
    """The lengths of the queues. `oldest`: when the oldest unfinished job was created (epoch seconds)."""

    jobs: dict[str, int] = field(default_factory=dict)
    steps: dict[tuple[str, str], int] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)
    oldest: float | None = None


def depths(store: Store) -> Depths:
    """Return the numbers of jobs and notices by state, and of open steps by pool and state."""
    open_steps = STEP.c.state.in_((StepState.QUEUED, StepState.RUNNING))
    with store.reading() as session:
        jobs = session.exec(select(Job.state, func.count()).group_by(JOB.c.state)).all()
        steps = session.exec(
            select(Step.pool, Step.state, func.count()).where(open_steps).group_by(STEP.c.pool, STEP.c.state)
        ).all()
        notices = session.exec(select(Notice.state, func.count()).group_by(NOTICE.c.state)).all()
        oldest = session.exec(select(func.min(JOB.c.created_at)).where(JOB.c.state.in_(UNFINISHED))).one()
    return Depths(
        jobs={state.value: 0 for state in JobState} | dict(jobs),
        steps={(pool, state): number for pool, state, number in steps},
        notices=dict(notices),
        oldest=oldest,
    )


def transcribed(store: Store, *, limit: int) -> list[tuple[float, float]]:
    """Return seconds of recording and of processing for the most recently transcribed chunks, oldest first.

    Chunks that came from the cache are left out.
    """
    done = (
        STEP.c.stage.in_(BY_CHUNK),
        ATTEMPT.c.outcome == Outcome.SUCCEEDED,
        STEP.c.result["cached"].as_boolean().is_not(True),
    )
    query = select(Step.params, Attempt.seconds).join(Attempt, ATTEMPT.c.step_id == STEP.c.id).where(*done)
    with store.reading() as session:
        rows = session.exec(query.order_by(ATTEMPT.c.id.desc()).limit(limit)).all()
    return [(params["end"] - params["start"], seconds) for params, seconds in reversed(rows) if seconds]


@cache
def _due_priorities(pools: tuple[str, ...]) -> Select[*tuple[bool, ...]]:
    """Return the query whether each pool has a step of each priority that is due at `:now`.

    It is built once, since each turn runs it.
    """
    due = (STEP.c.state == StepState.QUEUED, STEP.c.scheduled_at <= bindparam("now"))
    return sql_select(
        *(
            exists().where(*due, STEP.c.pool == pool, STEP.c.priority == priority).label(f"{pool}_{priority}")
            for pool, priority in product(pools, Priority)
        )
    )


@cache
def _next_retry() -> Select[float | None]:
    waits = (STEP.c.state == StepState.QUEUED, STEP.c.scheduled_at > bindparam("now"))
    return sql_select(func.min(STEP.c.scheduled_at)).where(*waits)


# Queries of the supervisor's every look are built once: building one takes longer than its answer.


@cache
def _cancel_requested() -> SelectOfScalar[Job]:
    return _of_jobs(JOB.c.state.in_(UNFINISHED), JOB.c.cancel_requested.is_(True), JOB.c.verdict.is_(None))


@cache
def _claiming() -> Select[int | None, int, str]:
    columns = (JOB.c.id, JOB.c.round, JOB.c.name)
    return sql_select(*columns).where(JOB.c.state == JobState.CLAIMING, JOB.c.verdict.is_(None)).order_by(JOB.c.id)


@cache
def _duplicates(waiting_for: str) -> SelectOfScalar[Job]:
    other = JOB.alias()
    at_work = exists().where(other.c.id == JOB.c.dup_of, other.c.state.in_(UNFINISHED))
    return _of_jobs(JOB.c.state == JobState.WAITING, JOB.c.waiting_for == waiting_for, ~at_work)


@cache
def _to_end() -> SelectOfScalar[Job]:
    open_steps = exists().where(
        STEP.c.job_id == JOB.c.id,
        STEP.c.round == JOB.c.round,
        STEP.c.state.in_((StepState.QUEUED, StepState.RUNNING)),
    )
    return _of_jobs(JOB.c.state.in_(_GOING), JOB.c.verdict.is_(None), ~open_steps)


@cache
def _ending() -> SelectOfScalar[Job]:
    return _of_jobs(JOB.c.state.in_(UNFINISHED), JOB.c.verdict.is_not(None))


def _jobs(store: Store, *conditions: ColumnElement[bool]) -> list[Job]:
    return _found(store, _of_jobs(*conditions))


def _of_jobs(*conditions: ColumnElement[bool]) -> SelectOfScalar[Job]:
    return select(Job).where(*conditions).order_by(JOB.c.id)


def _found(store: Store, query: SelectOfScalar[Job]) -> list[Job]:
    with store.reading() as session:
        return list(session.exec(query))


def _steps(session: Session, *conditions: ColumnElement[bool]) -> list[Step]:
    return list(session.exec(select(Step).where(*conditions).order_by(STEP.c.phase, STEP.c.id)))


def _relevant_options(job: Job) -> dict[str, Any]:
    return {name: value for name, value in job.options.items() if name not in _NOT_COMPARED}
