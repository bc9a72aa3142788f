"""Streams of events: what is new, once for all clients, resumed after a break, and ended with the server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dropdub.root import Root
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from dropdub.store.transitions import AskedJob
from dropdub.store.views import open_reader
from dropdub.web.events import feed as feeds
from dropdub.web.events import routes
from dropdub.web.events.news import News
from tests.factories import NOW, RUN, a_queued_job, a_running_job, a_spec, an_ended_job, completed
from tests.waiting import wait_until
from tests.web.running import Running, ended, running


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as server:
        yield server


@dataclass(frozen=True)
class Sent:
    kind: str
    data: Any
    id: int


class Listener:
    """Reads a stream line by line."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def __iter__(self) -> Iterator[Sent]:
        fields: dict[str, str] = {}
        for line in self.lines:
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                continue
            if line:
                fields[name] = value
            elif "event" in fields:
                yield Sent(fields["event"], json.loads(fields["data"]), int(fields.get("id", -1)))
                fields = {}

    def until(self, kind: str) -> list[Sent]:
        """Return the events up to the next one of a kind."""
        found = []
        for event in self:
            found.append(event)
            if event.kind == kind:
                break
        return found


@contextmanager
def listening(web: Running, path: str = "/v1/events", **headers: str) -> Iterator[Listener]:
    with web.client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "retry: 2000"
        yield Listener(lines)


def test_a_client_is_sent_how_things_are_and_then_what_changes(web: Running) -> None:
    job = a_queued_job(web.store)
    with listening(web) as stream:
        [first] = stream.until("daemon")
        assert (first.data["state"], first.data["counts"]["queued"]) == ("stopped", 1)
        transitions.pause_job(web.store, job.id or 0, now=NOW)
        story, changed, daemon = stream.until("daemon")
        assert (story.kind, story.data["job"], story.data["text"]) == ("story", 1, "Waiting. Paused.")
        assert (changed.kind, changed.data["id"], changed.data["state"]) == ("job", 1, "waiting")
        assert daemon.data["counts"]["waiting"] == 1
        assert first.id < story.id == changed.id


def test_what_happens_while_the_first_client_comes_is_not_lost(web: Running) -> None:
    readings: list[int | None] = []
    has_changed = threading.Event()
    real = web.site.reader.feed

    def slow(after: int | None, **how: Any) -> Any:
        readings.append(after)
        if len(readings) == 2:
            has_changed.wait(0.5)  # the second reading comes after the change, unless that waits for it
        return real(after, **how)

    web.site.reader.feed = slow  # type: ignore[method-assign]
    with listening(web) as stream:
        stream.until("daemon")
        a_queued_job(web.store)
        has_changed.set()
        assert {one.kind for one in stream.until("daemon")} == {"story", "job", "daemon"}


def test_a_client_that_comes_back_is_sent_what_it_has_missed(web: Running) -> None:
    an_ended_job(web.store, name="one.mp4")
    last = web.json("GET", "/v1/jobs")["last_event"]
    a_queued_job(web.store, name="two.mp4")
    with listening(web, f"/v1/events?after={last}") as stream:
        sent = stream.until("daemon")
    assert [one.data["name"] for one in sent if one.kind == "job"] == ["two.mp4"]
    with listening(web, "/v1/events?after=0", **{"Last-Event-ID": str(sent[-1].id)}) as stream:
        assert [one.kind for one in stream.until("daemon")] == ["daemon"]


def test_a_client_that_has_missed_too_much_reads_everything_again(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_EVENTS", 2)
    for _ in range(3):
        a_queued_job(web.store)
    for after in (0, 999):  # too many, and an id that this database has not reached
        with listening(web, f"/v1/events?after={after}") as stream:
            assert [one.kind for one in stream.until("daemon")] == ["reset", "daemon"]


def test_what_only_answers_a_client_is_sent_only_to_those_who_want_it(web: Running) -> None:
    steps = [a_spec("say", pool="synthesize")]
    with listening(web) as usual, listening(web, "/v1/events?requests=true") as whole:
        assert usual.until("daemon") and whole.until("daemon")
        transitions.ask_jobs(web.store, [AskedJob("Olá.", {"what": "say"}, steps, options={})], now=NOW)
        a_queued_job(web.store)
        assert [one.data["id"] for one in whole.until("daemon") if one.kind == "job"][:1] == [1]
        assert [one.data["id"] for one in usual.until("daemon") if one.kind == "job"] == [2]


def test_the_stream_of_a_job_ends_with_it_and_is_not_to_be_opened_again(web: Running) -> None:
    claim = a_running_job(web.store)
    a_queued_job(web.store)
    with listening(web, "/v1/jobs/1/events") as stream:
        assert [one.data["id"] for one in stream.until("job")] == [1]
        completed(web.store, claim)
        ended(web.store, 1, JobState.SUCCEEDED)
        sent = list(stream)
    assert (sent[-1].kind, sent[-1].data["state"]) == ("job", "succeeded")
    assert {one.data.get("job", 1) for one in sent} == {1}
    assert web.client.get("/v1/jobs/1/events", headers={"Last-Event-ID": str(sent[-1].id)}).status_code == 204
    with listening(web, "/v1/jobs/1/events") as stream:
        assert [(one.kind, one.data["state"]) for one in stream] == [("job", "succeeded")]


def test_a_silent_stream_is_kept_open_by_comments(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PING_S", 0.05)
    with listening(web) as stream:
        stream.until("daemon")
        assert next(line for line in stream.lines if line).startswith(":")
        a_queued_job(web.store)
        assert [one.data["id"] for one in stream.until("job") if one.kind == "job"] == [1]


def test_clients_that_leave_free_everything_and_a_stopping_server_ends_the_others(web: Running) -> None:
    reads: list[tuple[int, int]] = []
    real = web.site.reader.feed

    def noting(after: int | None, **how: Any) -> Any:
        view = real(after, **how)
        reads.append((after or 0, view.last))
        return view

    web.site.reader.feed = noting  # type: ignore[method-assign]
    with listening(web) as one, listening(web) as two:
        assert one.until("daemon") and two.until("daemon")
        wait_until(lambda: len(reads) >= 3, "the shared reader has read")
        before = len(reads)
        a_queued_job(web.store)
        assert one.until("job") and two.until("job")
        found = sorted(read for read in reads[before:] if read[0] < read[1])
        assert 1 <= len(found) <= 3, "one reading serves both"
        assert all(one[1] <= next_one[0] for one, next_one in pairwise(found)), "nothing is read twice"
    wait_until(lambda: not web.site.feed._clients and web.site.feed._reading is None, "nothing is left of them")
    with listening(web) as stream:
        stream.until("daemon")
        web.server.should_exit = True
        assert all(event.kind == "daemon" for event in stream)


def test_only_the_progress_is_sent_while_only_that_changes(tmp_path: Path) -> None:
    url, news = f"sqlite:///{tmp_path / 'jobs.db'}", News(Root.at(tmp_path))
    store, last = Store.open(url), 0
    transitions.start_run(store, run_id=RUN, pid=1, pid_started=1.0, host="h", boot_id="b", now=NOW)
    claim = a_running_job(store)
    a_queued_job(store, name="other.mp4")

    def kinds() -> list[tuple[str, int | None]]:
        nonlocal last
        view = open_reader(url).feed(last, now=NOW, most=100)
        assert view is not None
        last = view.last
        return [(one.kind, one.job) for one in news.of(view, 0.0) if one.kind != "story"]

    assert kinds() == [("job", 1), ("job", 2), ("daemon", None)]
    assert kinds() == []
    transitions.beat(store, RUN, notes=[], shares={claim.step.id or 0: 0.5}, now=NOW + 1)
    assert kinds() == [("progress", 1)]
    an_ended_job(store)
    assert kinds() == [("job", 3), ("daemon", None)]
    transitions.forget_job(store, 3)
    assert kinds() == [("reset", None), ("daemon", None)]
    store.close()
