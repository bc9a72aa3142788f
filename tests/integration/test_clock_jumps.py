"""What the supervisor does when the machine slept, or its clock was set: with fake clocks, on a real root."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dropdub import awake
from dropdub.awake import Reading
from dropdub.daemon.context import Context
from dropdub.daemon.supervisor import Supervisor
from dropdub.store import queries, transitions
from dropdub.store.states import Outcome
from dropdub.store.transitions import AttemptEnd
from tests.factories import ERROR, NOW, a_context, a_running_job, held

SETTINGS = """
inbox: {rescan: 1 h, observer: polling, polling_interval: 1 h}
limits: {min_free_disk: 1, min_free_memory: 1}
retry: {longest: 10 min}
"""
"""Only the clock triggers a scan of the inbox."""
TURN_S, AWHILE_S = 0.5, 5.0
RETRIED = AttemptEnd(Outcome.RETRIED, error_class="WorkerDied", error_text="It died.")


@dataclass
class FakeClocks:
    """The three clocks, moved by hand."""

    reading: Reading

    def read(self) -> Reading:
        return self.reading

    def pass_by(self, awake: float = TURN_S, *, asleep: float = 0.0, set_by: float = 0.0) -> float:
        """Let time pass; return the monotonic time that a turn is given."""
        before = self.reading
        assert before.boot is not None
        wall = before.wall + awake + asleep + set_by
        self.reading = replace(before, awake=before.awake + awake, boot=before.boot + awake + asleep, wall=wall)
        return self.reading.awake


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClocks:
    fake = FakeClocks(Reading(awake=1_000.0, boot=5_000.0, wall=NOW))
    monkeypatch.setattr(awake, "read", fake.read)
    return fake


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with a_context(tmp_path, SETTINGS) as made:
        yield made


@pytest.fixture
def supervisor(context: Context, clock: FakeClocks) -> Iterator[Supervisor]:
    made = Supervisor(context, {}, threading.Event(), watch=True)
    yield made
    made._intake.stop()
    made._mover.stop(grace_s=1.0)


def a_retry(context: Context, *, at: float) -> int:
    claim = a_running_job(context.store)
    transitions.retry_step(context.store, *held(claim), error=ERROR, at=at, end=RETRIED, now=NOW)
    return held(claim)[0]


def scheduled_at(context: Context) -> float:
    [job] = queries.unfinished_jobs(context.store)
    assert job.id is not None
    [step] = queries.steps(context.store, job.id, job.round)
    assert step.scheduled_at is not None
    return step.scheduled_at


def test_clock_set_back_delays_no_retry_by_more_than_longest_pause(
    context: Context, clock: FakeClocks, supervisor: Supervisor
) -> None:
    a_retry(context, at=NOW + 60)
    supervisor.tick(clock.pass_by())
    assert scheduled_at(context) == NOW + 60
    supervisor.tick(clock.pass_by(set_by=-86_400.0))
    assert scheduled_at(context) == pytest.approx(clock.reading.wall + 600)


def test_inbox_is_scanned_after_sleep_before_rescan_is_due(
    context: Context, clock: FakeClocks, supervisor: Supervisor
) -> None:
    supervisor.tick(clock.pass_by())
    (context.root.inbox / "come in sleep.txt").write_text("A text.", encoding="utf-8")
    supervisor.tick(clock.pass_by(AWHILE_S))
    assert supervisor.idle()
    supervisor.tick(clock.pass_by(AWHILE_S, asleep=8 * 3_600.0))
    assert not supervisor.idle()


def test_sleep_alone_does_not_shift_retries(context: Context, clock: FakeClocks, supervisor: Supervisor) -> None:
    a_retry(context, at=NOW + 3_600)
    supervisor.tick(clock.pass_by(asleep=8 * 3_600.0))
    assert scheduled_at(context) == NOW + 3_600
