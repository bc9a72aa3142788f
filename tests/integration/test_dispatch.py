"""Which step a free or a busy worker gets next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.daemon.context import Context
from dropdub.daemon.steps.outcomes import Outcomes
from dropdub.daemon.steps.scheduler import Scheduler
from dropdub.errors import FreshWorkerNeeded
from dropdub.pipeline.request import Request, Wanted
from dropdub.pool.events import StepFailed
from dropdub.pool.messages import Run
from dropdub.store import queries, transitions
from dropdub.store.states import Priority, StepState
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import AskedJob
from tests.factories import NOW, a_context, a_queued_job

DUB = StepSpec("synthesize/pt", "synthesize", 60, "pt", "synthesize")
SAY = StepSpec("say", "say", 0, None, "synthesize", {"text": "Hello."})


class FakePool:
    """A pool that takes what it is given and does nothing. `idle` workers, and busy ones that take `asides`."""

    def __init__(self, *, idle: int = 0, asides: int = 0) -> None:
        self.idle, self.asides = idle, asides
        self.given: list[Run] = []

    def free(self) -> int:
        return self.idle

    def free_for_aside(self) -> int:
        return self.asides

    def submit(self, run: Run, *, now: float, aside: bool = False) -> None:
        assert now > 0
        self.idle, self.asides = self.idle - (not aside), self.asides - aside
        self.given.append(run)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with a_context(tmp_path, "{}") as found:
        yield found


def a_request(context: Context, priority: Priority = Priority.INTERACTIVE) -> int:
    asked = AskedJob("Hello.", Request(Wanted.SAY, {"text": "Hello."}).to_json(), (SAY,), options={}, priority=priority)
    return transitions.ask_jobs(context.store, [asked], now=NOW)[0].job_id


def refuse(claim: object, error: Exception) -> None:
    raise AssertionError(claim) from error


def scheduler(context: Context, pool: Any) -> Scheduler:
    return Scheduler(context, {"synthesize": pool})


def test_every_fourth_claim_is_a_recordings_whoever_it_belongs_to(context: Context) -> None:
    for number in range(3):
        a_queued_job(context.store, name=f"{number}.mp4", steps=[DUB], owner="ana", folder="ana")
    for _ in range(12):
        a_request(context)
    pool = FakePool()
    one = scheduler(context, pool)
    one._turns.began(77, ("ana", "ana"), 0.0)  # she has used the machine for long, so others come before her
    for _ in range(12):
        pool.idle = 1
        one.dispatch(refuse)
    assert [run.payload["stage"] for run in pool.given] == ["say", "say", "say", "synthesize"] * 3


def test_requests_come_before_the_lines_of_a_file_but_not_without_end(context: Context) -> None:
    lines = [a_request(context, Priority.SOON) for _ in range(40)]
    requests = [a_request(context) for _ in range(6)]
    for pool in (FakePool(idle=8), FakePool(asides=8)):
        one = scheduler(context, pool)
        one.dispatch(refuse)
        came = [run.payload["job_id"] for run in pool.given]
        assert came == [*requests[:3], lines[0], *requests[3:6], lines[1]]
        lines, requests = lines[2:], [a_request(context) for _ in range(6)]


def test_an_aside_that_no_busy_worker_can_run_is_queued_until_one_is_free(context: Context) -> None:
    a_request(context)
    pool = FakePool(asides=1)
    one = scheduler(context, pool)
    outcomes = Outcomes(context, one)
    one.dispatch(refuse)
    [run] = pool.given
    outcomes.take(StepFailed(run.step_id, run.token, FreshWorkerNeeded("Not loaded."), None, 0.0, 0))
    [step] = queries.steps(context.store, 1, 1)
    assert (step.state, step.attempts) == (StepState.QUEUED, 0), "it counts as waiting, and may be cancelled"
    other = a_request(context)
    pool.asides = 1
    one.dispatch(refuse)
    one.dispatch(refuse)
    assert [run.payload["job_id"] for run in pool.given] == [1, other], "it does not stand in the way of others"
    pool.asides, pool.idle = 0, 1
    one.dispatch(refuse)
    assert [run.payload["job_id"] for run in pool.given] == [1, other, 1]
