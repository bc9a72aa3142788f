"""Thousands of files at once: what one turn records, what it leaves for the next, and who gets a turn in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dropdub.daemon.context import Context
from dropdub.daemon.intake import collection
from dropdub.daemon.intake import intake as intaking
from dropdub.daemon.intake.intake import BURST_S, MOST_UNDER_WAY
from dropdub.daemon.mover import Mover
from dropdub.daemon.supervisor import LOOK_EVERY_S, Supervisor
from dropdub.inbox import settle
from dropdub.inbox.recorded_files import Absent, Taken
from dropdub.inbox.scan import Scan
from dropdub.store import queries, transitions
from dropdub.store.tables import Job
from tests.factories import NOW, a_claiming_job, a_context
from tests.waiting import wait_until

SETTINGS = """
inbox: {settle: 0, rescan: 30, observer: polling, polling_interval: 1 h}
limits: {min_free_disk: 1, min_free_memory: 1}
"""
START = 1_000.0
NEXT_S = 2 * LOOK_EVERY_S


class Desk:
    """A supervisor without workers, whose turns are triggered by hand; what it does is noted in order."""

    def __init__(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        self.context = context
        self.monkeypatch = monkeypatch
        self.supervisor = Supervisor(context, {}, threading.Event(), watch=True)
        self.now = START
        self.done: list[str] = []
        self._note(intaking, "scan", lambda seen: f"scan {len(seen.drops)}")
        self._note(transitions, "record_jobs", lambda jobs: f"record {len(jobs)}")
        collect = self.supervisor._collect
        monkeypatch.setattr(self.supervisor, "_collect", lambda now: (self.done.append("hear"), collect(now)))

    def _note(self, place: object, name: str, text: object) -> None:
        real = getattr(place, name)

        def noted(*args: object, **kwargs: object) -> object:
            result = real(*args, **kwargs)
            assert callable(text)
            self.done.append(text(result))
            return result

        self.monkeypatch.setattr(place, name, noted)

    def drop(self, *names: str) -> None:
        for name in names:
            (self.context.root.inbox / name).write_text(f"This is {name}.", encoding="utf-8")

    def turn(self, after_s: float = NEXT_S) -> list[str]:
        """Do one turn; return what was done in it."""
        self.done.clear()
        self.now += after_s
        self.supervisor.tick(self.now)
        return list(self.done)

    def checks_take(self, seconds: float) -> None:
        """Make each check of a file take this long, by the clock that the intake reads."""
        clock = [START]
        real = settle.is_as_seen

        def slowly(drop: Any) -> bool:
            clock[0] += seconds
            return real(drop)

        self.monkeypatch.setattr(intaking, "is_as_seen", slowly)
        self.monkeypatch.setattr(intaking, "time", SimpleNamespace(monotonic=lambda: clock[0], time=lambda: NOW))

    def jobs(self) -> list[Job]:
        return queries.unfinished_jobs(self.context.store)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with a_context(tmp_path, SETTINGS) as context:
        made = Desk(context, monkeypatch)
        yield made
        made.supervisor._intake.stop()
        made.supervisor._mover.stop(grace_s=1.0)


def names(number: int) -> list[str]:
    return [f"text {n:03}.txt" for n in range(number)]


def test_turn_stops_recording_when_its_time_is_up_and_hears_workers_before_the_next(desk: Desk) -> None:
    desk.drop(*names(7))
    desk.checks_take(BURST_S / 2.5)
    assert desk.turn() == ["hear", "scan 7", "hear", "record 3"]
    assert desk.turn(0.0) == ["hear", "record 3"]
    assert desk.turn(0.0) == ["hear", "record 1"]
    assert [job.name for job in desk.jobs()] == names(7)


def test_inbox_is_not_scanned_while_finds_wait_except_for_regular_rescan(desk: Desk) -> None:
    desk.drop(*names(9))
    desk.checks_take(BURST_S / 2)
    desk.turn()
    desk.supervisor._intake.look_soon()
    assert not any("scan" in did for did in desk.turn())
    desk.drop("another.txt")
    assert any("scan" in did for did in desk.turn(31.0))


def test_the_inbox_is_scanned_again_when_the_finds_are_used_up(desk: Desk) -> None:
    desk.drop("one.txt")
    desk.turn()
    wait_until(lambda: not desk.supervisor._mover._done.empty(), "the file to be moved")
    desk.turn()
    assert "scan 0" in desk.turn()


def test_file_that_vanished_or_changed_since_scan_gets_no_job_until_checked_again(desk: Desk) -> None:
    desk.drop("changed.txt", "there.txt", "vanished.txt")

    def scanned(*args: object, **kwargs: object) -> Scan:
        seen = real(*args, **kwargs)
        (desk.context.root.inbox / "vanished.txt").unlink(missing_ok=True)
        (desk.context.root.inbox / "changed.txt").write_text("It is another text now.", encoding="utf-8")
        return seen

    real = intaking.scan
    desk.monkeypatch.setattr(intaking, "scan", scanned)
    assert "record 1" in desk.turn()
    assert [job.name for job in desk.jobs()] == ["there.txt"]
    desk.monkeypatch.setattr(intaking, "scan", real)
    desk.turn()
    desk.turn()
    assert [job.name for job in desk.jobs()] == ["there.txt", "changed.txt"]


def test_no_more_is_recorded_than_can_be_moved_soon(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.drop(*names(MOST_UNDER_WAY + 5))
    gate, collect = threading.Event(), collection.collect

    def held_up(context: Context, job: Job, source_dir: Path) -> Taken | Absent:
        gate.wait()
        return collect(context, job, source_dir)

    monkeypatch.setattr(intaking, "collect", held_up)
    desk.turn()
    desk.turn()
    assert len(desk.jobs()) == MOST_UNDER_WAY
    gate.set()
    wait_until(lambda: desk.turn() and len(desk.jobs()) == MOST_UNDER_WAY + 5, "the others to be recorded")


def test_intents_of_earlier_run_are_handled_even_if_those_before_them_must_wait(desk: Desk) -> None:
    put_off = [a_claiming_job(desk.context.store, name=name) for name in names(MOST_UNDER_WAY)]
    for job in put_off:
        assert job.id is not None
        desk.supervisor._intake._postponed.put_off(job.id, OSError("no right"), START + 100.0)
    last = a_claiming_job(desk.context.store, name="last.txt")
    desk.turn()
    assert last.id is not None and desk.supervisor._mover.busy_with(last.id)
    assert desk.supervisor._mover.backlog == 1


def test_last_move_of_job_comes_before_waiting_first_moves() -> None:
    begun, gate, order = threading.Event(), threading.Event(), list[int]()

    def first() -> None:
        begun.set()
        gate.wait()

    mover = Mover(lambda: None)
    mover.submit(1, first)
    assert begun.wait(10.0)
    for id_, is_ending in ((2, False), (3, False), (4, True)):
        mover.submit(id_, partial(order.append, id_), is_ending=is_ending)
    gate.set()
    wait_until(lambda: len(order) == 3, "the mover to do its pieces")
    mover.stop(grace_s=1.0)
    assert order == [4, 2, 3]
    assert [moved.job_id for moved in mover.collect() if moved.is_ending] == [4]
