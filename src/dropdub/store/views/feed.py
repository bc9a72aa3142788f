"""What has happened since an event: the events after it, and the jobs that they, or running steps, have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.store.views.build import event_view
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows
from dropdub.store.views.shapes import DaemonView, EventView, JobView


@dataclass(frozen=True)
class JobEvent:
    """An event of a job's history."""

    job: int
    event: EventView


@dataclass(frozen=True)
class FeedView:
    """What a page that is open has to know. `jobs`: as they are now.

    `last`: the id of the newest event, `known` the number of jobs. `events`: None if there were too many to return, or
    the event that was named is not there, so that nothing can be concluded from it.
    """

    events: Sequence[JobEvent] | None
    jobs: Sequence[JobView]
    daemon: DaemonView | None
    paused: bool
    counts: dict[str, int]
    last: int
    known: int


@dataclass(frozen=True)
class Happened:
    """The events after one, and the ids of the jobs that have changed, or are being worked on."""

    events: Sequence[JobEvent] | None
    jobs: Sequence[int]
    last: int
    known: int


def happened(rows: Rows, after: int | None, *, most: int) -> Happened:
    """Return what has happened since the event with the id `after`; for None, what is under way."""
    last = last_event(rows)
    start = last if after is None else after
    found = rows("SELECT * FROM event WHERE id > :after ORDER BY id LIMIT :most", after=start, most=most + 1)
    is_whole = start <= last and len(found) <= most
    running = rows("SELECT DISTINCT job_id FROM step WHERE state = 'running'")
    changed = {row["job_id"] for row in (*(found if is_whole else ()), *running[:most])}
    events = [_job_event(row) for row in found] if is_whole else None
    return Happened(events, sorted(changed), last, rows("SELECT count(*) AS jobs FROM job")[0]["jobs"])


def last_event(rows: Rows) -> int:
    """Return the id of the newest event; 0 if there is none."""
    return int(rows("SELECT max(id) AS id FROM event")[0]["id"] or 0)


def _job_event(row: Row) -> JobEvent:
    return JobEvent(row["job_id"], event_view(row))
