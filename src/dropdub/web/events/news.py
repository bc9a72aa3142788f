"""What clients are sent when the database has changed: only what differs from what they know. Pure."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dropdub.root import Root
from dropdub.store.views import JobView
from dropdub.store.views.feed import FeedView, JobEvent
from dropdub.web.jobs.shapes import hiding, shown_event, shown_job

MOST_REMEMBERED = 1_000
"""Jobs whose last state is remembered. One that is not is sent again, which changes nothing."""
HEARTBEAT_S = 10.0
"""The daemon's heartbeat is sent this often although nothing else has changed, so that a page knows its age."""
LATEST_ONLY = ("job", "progress", "daemon")
"""Events of which a client needs only the newest about the same thing."""


@dataclass(frozen=True)
class Message:
    """An event as it is sent. `id`: that of the newest event of a job's history that it includes.

    `job`: None for what concerns no single one. `asked`: the job only answers a client. `has_ended`: the job has.
    """

    id: int
    kind: str
    data: bytes
    job: int | None = None
    asked: bool = False
    has_ended: bool = False

    @property
    def subject(self) -> tuple[str, int | None]:
        return self.kind, self.job


class News:
    """Turns readings into messages. Remembers what was sent last."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._jobs: OrderedDict[int, JobView] = OrderedDict()
        self._daemon: tuple[Any, float] = (None, 0.0)
        self._known = 0

    def of(self, view: FeedView, now: float) -> list[Message]:
        """Return the messages for a reading: stories, then jobs, then the daemon."""
        was_forgotten, self._known = view.known < self._known, view.known
        if view.events is None or was_forgotten:
            self._jobs.clear()
            return [_message(view.last, "reset", {}), *self._of_daemon(view, now)]
        return [*stories(view, self._root), *self._of_jobs(view), *self._of_daemon(view, now)]

    def _of_jobs(self, view: FeedView) -> Iterator[Message]:
        for job in view.jobs:
            before = self._jobs.pop(job.id, None)
            self._jobs[job.id] = job
            if before is None or _still(job) != _still(before):
                yield job_message(job, view.last, self._root)
            elif job != before:
                yield _progress_message(job, view.last)
        while len(self._jobs) > MOST_REMEMBERED:
            self._jobs.popitem(last=False)

    def _of_daemon(self, view: FeedView, now: float) -> Iterator[Message]:
        before, sent_at = self._daemon
        lasting = (view.daemon and replace(view.daemon, heartbeat_at=""), view.paused, view.counts)
        if lasting != before or now - sent_at >= HEARTBEAT_S:
            self._daemon = (lasting, now)
            yield daemon_message(view)


def first_messages(view: FeedView, root: Root) -> list[Message]:
    """Return what a client is sent that has just come: what it has missed, and how things are."""
    if view.events is None:
        return [_message(view.last, "reset", {}), daemon_message(view)]
    return [*stories(view, root), *(job_message(job, view.last, root) for job in view.jobs), daemon_message(view)]


def stories(view: FeedView, root: Root) -> Iterator[Message]:
    """Yield the entries of jobs' histories."""
    jobs = {job.id: job for job in view.jobs}
    for one in view.events or ():
        job = jobs.get(one.job)
        if job is not None:  # otherwise it was forgotten meanwhile
            yield _message(one.event.id, "story", _story(one, job, root), job)


def job_message(job: JobView, id_: int, root: Root) -> Message:
    return _message(id_, "job", asdict(shown_job(job, root)), job)


def daemon_message(view: FeedView) -> Message:
    daemon = view.daemon
    state = {
        "state": daemon.state if daemon else "stopped",
        "heartbeat_at": daemon.heartbeat_at if daemon else None,
        "paused": view.paused,
        "notes": len(daemon.notes) if daemon else 0,
        "counts": view.counts,
    }
    return _message(view.last, "daemon", state)


def _progress_message(job: JobView, id_: int) -> Message:
    data = {"id": job.id, "progress": job.progress, "stage": job.stage, "remaining_s": job.remaining_s}
    return _message(id_, "progress", data, job)


def _story(one: JobEvent, job: JobView, root: Root) -> dict[str, Any]:
    return {"job": one.job, **asdict(shown_event(one.event, hiding(root, job)))}


def _still(job: JobView) -> JobView:
    """Return a job without what changes all the time while it is running."""
    return replace(job, progress=0.0, stage=None, remaining_s=None)


def _message(id_: int, kind: str, data: Mapping[str, Any], job: JobView | None = None) -> Message:
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    sent = f"id: {id_}\nevent: {kind}\ndata: {line}\n\n".encode("utf-8", "replace")
    if job is None:
        return Message(id_, kind, sent)
    return Message(id_, kind, sent, job.id, asked=not job.source, has_ended=job.finished_at is not None)
