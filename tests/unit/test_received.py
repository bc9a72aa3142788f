"""Which step a worker runs next, and how much of its time asides get."""

from __future__ import annotations

import threading

from dropdub.pool.messages import Run, Withdraw
from dropdub.pool.received import Asides, Received


def run(step_id: int, *, aside: bool = False, text: str | None = None) -> Run:
    return Run(step_id, 1, 60.0, {"params": {} if text is None else {"text": text}}, aside=aside)


LONG_STEP = run(0)


def test_asides_that_came_before_a_step_has_begun_are_run_within_it_or_after_it() -> None:
    received = Received()
    for step_id, aside in ((1, False), (2, True), (3, True)):
        received.add(run(step_id, aside=aside))
    assert [received.next().step_id for _ in range(3)] == [1, 2, 3]


def test_worker_without_a_step_waits_for_one() -> None:
    received = Received()
    threading.Timer(0.01, lambda: received.add(run(7))).start()
    assert received.next().step_id == 7
    assert received.next_aside(LONG_STEP) is None


def test_only_an_aside_that_still_waits_is_withdrawn() -> None:
    received = Received()
    received.add(run(1))
    received.add(run(2, aside=True))
    assert not received.withdraw(Withdraw(1, 1)), "it is no aside"
    assert not received.withdraw(Withdraw(2, 2)), "it is another attempt"
    assert received.withdraw(Withdraw(2, 1)) and not received.withdraw(Withdraw(2, 1))
    assert received.next_aside(LONG_STEP) is None


def order_of(asides: int, *, line_s: float, aside_s: float) -> str:
    """Return the order in which a step of twenty lines (`.`) and asides (`a`), which all wait, are run."""
    received, now, order = Received(), [0.0], ""

    def aside(_run: Run) -> None:
        nonlocal order
        order += "a"
        now[0] += aside_s

    for step_id in range(asides):
        received.add(run(step_id, aside=True))
    turns = Asides(received, LONG_STEP, aside, clock=lambda: now[0])
    for _ in range(20):
        now[0] += line_s
        order += "."
        turns.run_waiting()
    return order


def test_asides_get_at_most_half_of_the_time() -> None:
    assert order_of(4, line_s=1.0, aside_s=5.0) == ".a....a.....a.....a....."
    assert order_of(2, line_s=1.0, aside_s=100.0) == ".a" + "." * 19


def test_short_asides_are_run_at_once() -> None:
    assert order_of(3, line_s=10.0, aside_s=1.0) == ".aaa" + "." * 19


def test_text_is_only_interrupted_by_one_of_a_quarter_of_its_length() -> None:
    received = Received()
    received.add(run(1, aside=True, text="a" * 50))
    assert received.next_aside(run(0, text="a" * 199)) is None
    assert received.next().step_id == 1, "it comes next"
    received.add(run(2, aside=True, text="a" * 50))
    found = received.next_aside(run(0, text="a" * 200))
    assert found is not None and found.step_id == 2
