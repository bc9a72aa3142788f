"""Lines of monitored files: → waiting, recorded together with how far the file was read → delivered or skipped."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, update
from sqlmodel import Session

from dropdub.errors import TransitionRefused
from dropdub.store.database import Store
from dropdub.store.states import LineState
from dropdub.store.tables import LINE, MONITOR
from dropdub.store.transitions.asks import insert_asked
from dropdub.store.transitions.guard import append_event
from dropdub.store.transitions.values import AskedJob, ReadUpTo

_EVENTS = {
    LineState.DELIVERED: ("Delivered", "info"),
    LineState.SKIPPED: ("Skipped: it is neither played nor saved", "warning"),
}


def record_lines(
    store: Store, name: str, spoken: Sequence[AskedJob], *, before: ReadUpTo | None, after: ReadUpTo, now: float
) -> list[int]:
    """Queue the jobs that speak the next lines of a monitored file, and record how far it has been read.

    Both in one transaction, so that no line is spoken twice or lost. `before`: as recorded last; None if nothing is.
    The lines get the numbers up to `after.lines`. Returns the jobs' ids.
    Raises TransitionRefused if something else was recorded meanwhile.
    """
    first = after.lines - len(spoken) + 1
    with store.transaction() as session:
        _move_on(session, name, before, after)
        ids = [insert_asked(session, one, now) for one in spoken]
        rows = [
            {"job_id": id_, "monitor": name, "number": number, "state": LineState.WAITING}
            for number, id_ in enumerate(ids, first)
        ]
        if rows:
            session.flush()
            session.connection().execute(insert(LINE), rows)
    return ids


def end_line(store: Store, job_id: int, *, state: LineState, now: float) -> None:
    """Record what has become of a line: waiting → delivered or skipped."""
    with store.transaction() as session:
        change = update(LINE).where(LINE.c.job_id == job_id, LINE.c.state == LineState.WAITING)
        if session.connection().execute(change.values(state=state)).rowcount != 1:
            raise TransitionRefused(f"The line of job {job_id} is no longer waiting.")
        text, level = _EVENTS[state]
        append_event(session, job_id, text, now, level=level)


def _move_on(session: Session, name: str, before: ReadUpTo | None, after: ReadUpTo) -> None:
    if before is None:
        session.connection().execute(insert(MONITOR).values(name=name, **vars(after)))
        return
    as_known = (MONITOR.c[column] == value for column, value in vars(before).items())
    change = update(MONITOR).where(MONITOR.c.name == name, *as_known)
    if session.connection().execute(change.values(**vars(after))).rowcount != 1:
        raise TransitionRefused(f"The monitor {name} has meanwhile been read further.")
