"""Notices (notifications about ended jobs): recorded with the job's end, delivered at least once, kept for a while.

After a crash between a delivery and `end_notice`, the notice is delivered again: the receiver recognizes it by its id.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import NoticeState
from dropdub.store.tables import NOTICE, STEP, Job, Notice
from dropdub.store.views.build import job_view
from dropdub.store.views.progress import iso_time

MOST_QUEUED = 10_000


def add_notices(session: Session, job: Job, channels: Collection[str], now: float) -> None:
    """Queue a notice to each channel about a job that ends in this transaction.

    Its payload has what `dropdub show --json` would print now.
    """
    payload = _payload(session, job, now) if channels else {}
    for channel in channels:
        assert job.id is not None
        notice = Notice(
            id=f"msg_{uuid.uuid4().hex}",
            job_id=job.id,
            channel=channel,
            payload=payload,
            scheduled_at=now,
            created_at=now,
        )
        session.add(notice)


def end_notice(store: Store, notice_id: str, *, state: NoticeState, error: str | None, now: float) -> None:
    """Close a notice that was delivered or given up: queued → sent or dropped."""
    with store.transaction() as session:
        _change(session, notice_id, state=state, error=error, ended_at=now, attempts=NOTICE.c.attempts + 1)


def postpone_notice(store: Store, notice_id: str, *, error: str, at: float) -> None:
    """Schedule a notice to be retried, not before `at`."""
    with store.transaction() as session:
        _change(session, notice_id, error=error, scheduled_at=at, attempts=NOTICE.c.attempts + 1)


def tidy_notices(store: Store, *, ended_before: float) -> None:
    """Delete notices that ended before a time; drop the oldest queued notices beyond `MOST_QUEUED`."""
    queued = NOTICE.c.state == NoticeState.QUEUED
    newest = select(NOTICE.c.id).where(queued).order_by(NOTICE.c.created_at.desc()).limit(MOST_QUEUED)
    drop = update(NOTICE).where(queued, NOTICE.c.id.not_in(newest))
    with store.transaction() as session:
        values = {
            "state": NoticeState.DROPPED,
            "error": "Too many notifications were queued.",
            "ended_at": NOTICE.c.created_at,
        }
        session.connection().execute(drop.values(**values))
        session.connection().execute(delete(NOTICE).where(~queued, NOTICE.c.ended_at < ended_before))


def _payload(session: Session, job: Job, now: float) -> dict[str, Any]:
    mine = select(STEP).where(STEP.c.job_id == job.id, STEP.c.round == job.round).order_by(STEP.c.phase, STEP.c.id)
    steps = [dict(row) for row in session.connection().execute(mine).mappings()]
    view = job_view(job.model_dump(), steps, now)
    return {"type": f"job.{job.state}", "timestamp": iso_time(now), "data": asdict(view)}


def _change(session: Session, notice_id: str, **values: Any) -> None:
    change = update(NOTICE).where(NOTICE.c.id == notice_id, NOTICE.c.state == NoticeState.QUEUED)
    if session.connection().execute(change.values(**values)).rowcount != 1:
        raise TransitionRefused(f"The notification {notice_id} is no longer queued.")
