from __future__ import annotations

import pytest

from dropdub.pool.liveness import AT_THIS_PACE, MORE_TIME, SIGN_CPU_S, Liveness
from dropdub.process.allowance import ENOUGH, LEAST_SHARE, Allowance, CpuTime


def ended_at(share: float, *, allowed_s: float = 100.0, stops_at: float = float("inf")) -> float:
    """Return when a tree's time is up that gets this share of a core, until it stops computing."""
    allowance, now = Allowance(allowed_s, 0.0), allowed_s
    while more_s := allowance.more_s(now, share * min(now, stops_at)):
        now += more_s
    return now


def test_a_tree_that_waits_gets_no_more_time() -> None:
    assert ended_at(0.0) == 100.0
    assert ended_at(LEAST_SHARE / 2) == 100.0


def test_a_tree_that_had_its_cpu_time_gets_no_more_time() -> None:
    assert ended_at(1.0) == 100.0
    assert ended_at(4.0) == 100.0


@pytest.mark.parametrize("share", [0.5, 0.25, 0.1, LEAST_SHARE])
def test_a_tree_that_gets_little_cpu_time_may_take_as_much_longer(share: float) -> None:
    assert ENOUGH * 100 / share <= ended_at(share) <= ENOUGH * 100 / share + 100 * MORE_TIME


def test_a_tree_that_stops_computing_gets_one_more_look() -> None:
    assert ended_at(0.3, stops_at=110.0) == 150.0


def test_cpu_time_does_not_fall_when_a_child_ends() -> None:
    cpu = CpuTime()
    for reading_s in (1.0, 5.0, 2.0, 2.5):
        cpu.add(reading_s)
    assert cpu.total_s == 5.5


def test_cpu_time_and_messages_are_signs_of_life_and_a_few_milliseconds_are_none() -> None:
    life = Liveness(0.0)
    life.record_cpu(SIGN_CPU_S / 2, 10.0)
    assert life.last_sign_at == 0.0
    life.record_cpu(SIGN_CPU_S, 20.0)
    assert life.last_sign_at == 20.0
    life.record_message(30.0)
    assert life.last_sign_at == 30.0


def test_progress_moves_the_deadline_by_a_share_or_at_its_own_pace() -> None:
    life = Liveness(0.0)
    life.begin(100.0, 0.0)
    life.record_progress(90.0)
    assert life.deadline == 90.0 + AT_THIS_PACE * 90.0
    life.begin(100.0, 1000.0)
    life.record_progress(1001.0)
    assert life.deadline == 1100.0, "quick progress takes nothing away"
    life.record_progress(1002.0)
    life.record_progress(1099.9)
    assert life.deadline == pytest.approx(1099.9 + AT_THIS_PACE * 97.9)


def test_sleep_moves_every_time() -> None:
    life = Liveness(0.0)
    life.begin(100.0, 0.0)
    life.forgive(1000.0)
    assert (life.deadline, life.last_sign_at) == (1100.0, 1000.0)


def test_work_that_is_interrupted_loses_no_time() -> None:
    life = Liveness(0.0)
    life.begin(100.0, 0.0)
    life.interrupt(20.0, 90.0)
    assert life.deadline == 110.0
    life.record_progress(100.0)
    assert life.deadline == 100.0 + AT_THIS_PACE * 10.0, "the progress is that of the interruption"
    life.forgive(1000.0)
    assert life.resume(1100.0) == 10.0
    assert life.deadline == 1110.0
    life.record_progress(1105.0)
    assert life.deadline == 1105.0 + AT_THIS_PACE * 95.0, "its pace is that of its own time"


def test_cpu_time_of_an_interruption_does_not_count_against_the_work() -> None:
    life = Liveness(0.0)
    life.begin(100.0, 0.0)
    life.record_cpu(20.0, 90.0)
    life.interrupt(1000.0, 90.0)
    life.record_cpu(20.0 + ENOUGH * 100.0, 190.0)
    life.resume(190.0)
    life.record_cpu(25.0 + ENOUGH * 100.0, 200.0)
    assert life.extend_if_computing(200.0), "it had little CPU time of its own"
