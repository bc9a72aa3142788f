"""Waiting jobs are released: at once if their condition is seen to be met, otherwise repeatedly with growing pauses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.daemon.context import Context
from dropdub.daemon.steps.waiting import INSTALLED_AFTER_S, LONGEST_PATIENCE_S, MODEL_PATIENCE_S, Conditions
from dropdub.errors import Waiting
from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from tests.factories import NOW, a_waiting_job


class Clock:
    """Checks the conditions of one root, at given seconds, and holds its job again each time it is released."""

    def __init__(self, folder: Path, *, waiting_for: str) -> None:
        limits = {"min_free_disk": 0, "min_free_memory": 0}
        self.root = Root.at(folder)
        self.root.create_folders()
        self.store = Store.open(self.root.database_url)
        self.waiting_for = waiting_for
        config = Config.model_validate({"limits": limits})
        self.conditions = Conditions(Context(self.root, config, self.store, "run", print), lambda _job: False)
        job = a_waiting_job(self.store, waiting_for=waiting_for)
        assert job.id is not None
        self.job_id = job.id

    def goes_on(self, now: float) -> bool:
        """Check; return whether the job was released. It then lacks the same thing again."""
        self.conditions.update(now)
        going = queries.job(self.store, self.job_id).state != JobState.WAITING
        if going:
            transitions.hold_job(
                self.store, self.job_id, waiting_for=self.waiting_for, reason="Again.", remedy=None, now=NOW
            )
        return going


@pytest.fixture
def clock(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clock]:
    made = Clock(tmp_path, waiting_for=request.param)
    yield made
    made.store.close()


@pytest.mark.parametrize("clock", ["memory"], indirect=True)
def test_job_that_repeatedly_lacks_something_is_released_less_and_less_often(clock: Clock) -> None:
    moments = [float(second) for second in range(0, 600, 2) if clock.goes_on(float(second))]
    pauses = [after - before for before, after in pairwise(moments)]
    assert moments[0] == 0, "at first it may continue at once"
    assert pauses == sorted(pauses)
    assert max(pauses) == pytest.approx(LONGEST_PATIENCE_S, abs=2)
    assert len(moments) < 20


@pytest.mark.parametrize("clock", ["model"], indirect=True)
def test_job_is_released_when_its_model_arrives_and_now_and_then_besides(clock: Clock) -> None:
    assert clock.goes_on(0), "what came while nobody looked"
    assert not [second for second in range(2, int(MODEL_PATIENCE_S) - 2, 2) if clock.goes_on(second)]
    assert [second for second in range(int(MODEL_PATIENCE_S), int(MODEL_PATIENCE_S) + 10, 2) if clock.goes_on(second)]
    (clock.root.models_dir("models") / "whisper-small").mkdir(parents=True)
    assert clock.goes_on(MODEL_PATIENCE_S + 20)
    assert not clock.goes_on(MODEL_PATIENCE_S + 22)


@pytest.mark.parametrize("clock", ["engine"], indirect=True)
def test_job_is_released_for_new_engine_once_no_more_packages_are_installed(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(str(packages))
    assert clock.goes_on(0), "what came while nobody looked"
    assert not clock.goes_on(2)
    (packages / "torch").mkdir()
    assert not clock.goes_on(4)
    (packages / "faster_whisper").mkdir()
    assert not [second for second in range(6, 6 + int(INSTALLED_AFTER_S), 2) if clock.goes_on(float(second))]
    assert clock.goes_on(6 + INSTALLED_AFTER_S)
    assert not clock.goes_on(8 + INSTALLED_AFTER_S)


@pytest.mark.parametrize("clock", ["paused"], indirect=True)
def test_job_paused_by_user_is_left_alone(clock: Clock) -> None:
    assert not any(clock.goes_on(float(second)) for second in range(0, 1000, 10))


@pytest.mark.parametrize("clock", ["memory"], indirect=True)
def test_job_that_cannot_be_released_or_held_blocks_no_other(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    other = a_waiting_job(clock.store, waiting_for="memory").id
    assert other is not None
    release, hold = transitions.release_job, transitions.hold_job

    def broken(real: Callable[..., object]) -> Callable[..., object]:
        def change(store: Store, job: int, **values: object) -> object:
            if job == clock.job_id:
                raise RuntimeError("broken on purpose")
            return real(store, job, **values)

        return change

    monkeypatch.setattr(transitions, "release_job", broken(release))
    monkeypatch.setattr(transitions, "hold_job", broken(hold))
    clock.conditions.update(0.0)
    assert queries.job(clock.store, other).state == JobState.QUEUED
    monkeypatch.setattr(transitions, "release_job", release)
    clock.conditions.update(10.0)
    assert queries.job(clock.store, clock.job_id).state == JobState.QUEUED
    monkeypatch.setattr(
        "dropdub.daemon.steps.waiting.obstacle", lambda *_: Waiting("None.", condition="disk", remedy="")
    )
    clock.conditions.update(20.0)
    assert queries.job(clock.store, other).state == JobState.WAITING
    assert queries.job(clock.store, clock.job_id).state == JobState.QUEUED
