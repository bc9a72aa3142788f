"""What people do with jobs: cancel, retry, pause and resume them; one, or as many as a list shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, insert, literal, update
from sqlmodel import Session

from dropdub.store.database import Store
from dropdub.store.states import REQUESTS, UNFINISHED, JobState
from dropdub.store.tables import EVENT, JOB, Job
from dropdub.store.transitions.guard import append_event, change_job
from dropdub.store.transitions.waits import GOING, PAUSED, RELEASED


class Action(StrEnum):
    """What can be done with many jobs at once."""

    CANCEL = "cancel"
    RETRY = "retry"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True)
class _Rule:
    """From which states, and on which conditions, an action changes which columns; and the event that it appends."""

    verb: str
    """The past participle for "Job 7 cannot be …"."""
    states: Collection[JobState]
    conditions: Sequence[ColumnElement[bool]]
    values: Mapping[str, Any]
    event: str
    level: str = "info"


_UNBEGUN = (JobState.CLAIMING, JobState.QUEUED, JobState.WAITING)
_UNDECIDED = JOB.c.verdict.is_(None)
_GIVEN = func.nullif(JOB.c.given_path, "")
_NEXT_ROUND: Mapping[str, Any] = {
    "state": JobState.CLAIMING,
    "round": JOB.c.round + 1,
    "source": func.coalesce(_GIVEN, JOB.c.source),
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
"""The columns that a round changes have their initial values; the original is where it was moved to."""
_HELD: Mapping[str, Any] = {
    "state": JobState.WAITING,
    "waiting_for": PAUSED,
    "reason": "Paused.",
    "remedy": literal("Resume it with: `dropdub resume ") + cast(JOB.c.id, String) + literal("`"),
}
_RULES = {
    Action.CANCEL: _Rule("cancelled", UNFINISHED, [_UNDECIDED], {"cancel_requested": True}, "Cancellation requested"),
    Action.RETRY: _Rule(
        "retried", (JobState.FAILED, JobState.CANCELLED), [JOB.c.origin.not_in(REQUESTS)], _NEXT_ROUND, "Retried"
    ),
    Action.PAUSE: _Rule(
        "paused",
        (*GOING, JobState.WAITING),
        [_UNDECIDED, JOB.c.waiting_for.is_distinct_from(PAUSED), JOB.c.cancel_requested.is_(False)],
        _HELD,
        "Waiting. Paused.",
        "warning",
    ),
    Action.RESUME: _Rule(
        "resumed", (JobState.WAITING,), [_UNDECIDED, JOB.c.waiting_for == PAUSED], RELEASED, "Resumed"
    ),
}


def request_cancel(store: Store, job_id: int, *, now: float, unless_begun: bool = False) -> Job:
    """Request that an unfinished job be cancelled: no further step is claimed, and the daemon ends it.

    `unless_begun`: only if none of its steps has been claimed; otherwise it raises TransitionRefused.
    """
    with store.transaction() as session:
        return _change(session, Action.CANCEL, job_id, now, states=_UNBEGUN if unless_begun else None)


def retry_job(store: Store, job_id: int, *, now: float) -> Job:
    """Retry a failed or cancelled job: → claiming, in the next round, from where its original is now."""
    with store.transaction() as session:
        return _change(session, Action.RETRY, job_id, now)


def pause_job(store: Store, job_id: int, *, now: float) -> Job:
    """Pause a job at a user's request, even if it waits for something else; only `resume_job` releases it."""
    with store.transaction() as session:
        return _change(session, Action.PAUSE, job_id, now)


def resume_job(store: Store, job_id: int, *, now: float) -> Job:
    """Resume a paused job."""
    with store.transaction() as session:
        return _change(session, Action.RESUME, job_id, now)


def change_jobs(store: Store, action: Action, numbers: Sequence[int], *, now: float) -> list[int]:
    """Do with many jobs what the functions above do with one, in one transaction; return the ids of those changed.

    Jobs that may not be changed so are left as they are.
    """
    rule = _RULES[action]
    change = update(JOB).where(JOB.c.id.in_(numbers), JOB.c.state.in_(rule.states), *rule.conditions)
    with store.transaction() as session:
        connection = session.connection()
        changed = sorted(connection.execute(change.values(**rule.values).returning(JOB.c.id)).scalars())
        if changed:
            events = [{"job_id": job, "at": now, "level": rule.level, "text": rule.event} for job in changed]
            connection.execute(insert(EVENT), events)
    return changed


def _change(
    session: Session, action: Action, job_id: int, now: float, *, states: Collection[JobState] | None = None
) -> Job:
    rule = _RULES[action]
    job = change_job(session, job_id, rule.verb, states or rule.states, *rule.conditions, **rule.values)
    append_event(session, job_id, rule.event, now, level=rule.level)
    return job
