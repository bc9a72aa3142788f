"""Pools of real processes that do what a worker must not."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from dropdub.config import PoolSettings
from dropdub.errors import DeadlineExceeded, FreshWorkerNeeded, NoAudio, OutOfMemory, Stalled, WorkerDied
from dropdub.pool.messages import ProtocolError, Run, Start
from dropdub.pool.pool import Completed, Launch, Logged, PieceMade, Pool, PoolEvent, Progressed, Started, StepFailed
from dropdub.process import MemoryReading, tree_cpu_s
from tests.waiting import wait_until

WORKER = Path(__file__).parent.parent / "misbehaving_worker.py"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


class Desk:
    """Drives one pool as the supervisor does, and remembers what it reported."""

    def __init__(self, folder: Path, mode: str, launch: dict[str, Any], **settings: Any) -> None:
        self.reading = MemoryReading(available=8_000_000_000, total=16_000_000_000, kills=0)
        self.folder = folder
        self.said: list[PoolEvent] = []
        given = {"workers": 1, "memory": 4_000_000_000, **settings}
        command = (sys.executable, str(WORKER), mode)
        self.pool = Pool(
            "media",
            PoolSettings.model_validate(given),
            Launch(run_dir=folder, start=Start(), command=command, **launch),
            wake=lambda: None,
            machine=lambda: self.reading,
        )
        self.ahead_s = 0.0

    @property
    def now(self) -> float:
        return time.monotonic() + self.ahead_s

    def submit(
        self, step_id: int = 1, *, token: int = 1, deadline_s: float = 60.0, stage: str = "probe", does: str = ""
    ) -> Path:
        """Submit a step; an aside if it says what the worker `does` then."""
        result = self.folder / f"result-{step_id}"
        what = {"does": does} if does else {}
        run = Run(step_id, token, deadline_s, {"stage": stage, "result_file": str(result), **what})
        self.pool.submit(run, now=self.now, aside=bool(does))
        return result

    def tick(self) -> None:
        self.said += self.pool.tick(self.now)

    def wait_for(self, *kinds: type[PoolEvent], times: int = 1) -> list[Any]:
        def have() -> bool:
            self.tick()
            return len(self.heard(*kinds)) >= times

        wait_until(have, f"{times} of {[kind.__name__ for kind in kinds]}, not {self.said}")
        return self.heard(*kinds)

    def heard(self, *kinds: type[PoolEvent]) -> list[Any]:
        return [event for event in self.said if isinstance(event, kinds)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(mode: str = "ok", *, launch: dict[str, Any] | None = None, **settings: Any) -> Desk:
        made.append(Desk(tmp_path, mode, launch or {}, **settings))
        return made[-1]

    yield make
    for old in made:
        old.pool.stop(grace_s=1.0)
    assert [*tmp_path.glob("*.lock"), *tmp_path.glob("*.tmp")] == []


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_step_starts_progresses_and_returns_its_result(desk: Callable[..., Desk]) -> None:
    one = desk()
    one.submit(7, token=3)
    [completed] = one.wait_for(Completed)
    assert (completed.step_id, completed.token, completed.result["made"]) == (7, 3, True)
    [started] = one.heard(Started)
    assert (started.step_id, started.token, started.pid) == (7, 3, completed.result["by"])
    assert abs(started.pid_started - psutil.Process(started.pid).create_time()) < 0.1
    assert [event.share for event in one.heard(Progressed)] == [0.5]
    assert one.pool.running() == [] and one.pool.free() == 1


def test_free_counts_remaining_capacity(desk: Callable[..., Desk]) -> None:
    one = desk("hang", workers=2)
    assert one.pool.free() == 2
    one.submit(1)
    assert one.pool.free() == 1
    one.submit(2)
    assert one.pool.free() == 0
    one.wait_for(Started, times=2)
    assert one.pool.free() == 0 and {step.step_id for step in one.pool.running()} == {1, 2}


def test_worker_serves_many_steps_and_warm_ones_exist_before_the_first(desk: Callable[..., Desk]) -> None:
    one = desk(workers=2)
    one.pool.warm(one.now)
    one.wait_for(Logged, times=2)
    for step_id in range(6):
        one.submit(step_id)
        one.wait_for(Completed, times=step_id + 1)
    assert len({event.pid for event in one.heard(Started)}) <= 2
    assert len(one.heard(Logged)) == 2


def test_step_past_its_deadline_is_ended_with_its_children(desk: Callable[..., Desk]) -> None:
    one = desk("hang")
    result = one.submit(deadline_s=1.0)
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, DeadlineExceeded) and "probe took longer than" in broke.error.message
    worker, grandchild = one.heard(Started)[0].pid, int(result.with_name("grandchild").read_text(encoding="utf-8"))
    wait_until(lambda: gone(worker) and gone(grandchild), "worker and grandchild to be dead")
    assert one.pool.free() == 1


@posix_only
def test_silence_ends_a_worker(desk: Callable[..., Desk]) -> None:
    one = desk("stop", launch={"stall_s": 1.0})
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, Stalled)
    wait_until(lambda: gone(one.heard(Started)[0].pid), "the worker to be dead")


def pass_time(one: Desk, seconds: float) -> None:
    """Move the pool's clock in turns too short to count as sleep."""
    for _ in range(round(seconds / 25)):
        one.ahead_s += 25.0
        one.tick()


def test_a_worker_that_computes_without_a_message_is_alive(desk: Callable[..., Desk]) -> None:
    one = desk("compute in silence", launch={"stall_s": 60.0})
    result = one.submit(deadline_s=10_000.0)
    one.wait_for(Started)
    for _ in range(8):
        used = computed_s(one)
        wait_until(lambda before=used: computed_s(one) > before + 0.2, "the worker to compute")  # type: ignore[misc]
        pass_time(one, 50.0)
    assert one.heard(StepFailed) == [], "400 s without a message, of 60"
    result.with_name("sign").touch()
    assert one.wait_for(Completed)


def computed_s(one: Desk) -> float:
    return tree_cpu_s(one.heard(Started)[0].pid)


def test_a_worker_that_computes_for_ever_is_ended_by_its_deadline(desk: Callable[..., Desk]) -> None:
    one = desk("compute in silence", launch={"stall_s": 60.0})
    one.submit(deadline_s=0.5)
    [broke] = one.wait_for(StepFailed)
    assert type(broke.error) is DeadlineExceeded and "deadlines: {factor: 4}" in broke.error.remedy


@posix_only
def test_the_message_of_a_stall_names_the_setting_with_a_line_to_paste(desk: Callable[..., Desk]) -> None:
    one = desk("stop", launch={"stall_s": 1.0})
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert broke.error.message.startswith("The media worker sent no message and computed nothing for ")
    assert "deadlines: {stall: 4}" in broke.error.remedy


def test_a_step_of_a_slow_machine_keeps_the_pace_of_its_progress(desk: Callable[..., Desk]) -> None:
    one = desk("slow", launch={"stall_s": 10_000.0})
    result = one.submit(deadline_s=400.0)
    one.wait_for(Started)
    pass_time(one, 375.0)
    result.with_name("sign").touch()
    one.wait_for(Progressed)
    pass_time(one, 1000.0)
    assert one.heard(StepFailed) == [], "the first half took 375 s, the second may take three times as long"
    pass_time(one, 200.0)
    assert isinstance(one.wait_for(StepFailed)[0].error, DeadlineExceeded), "it sent the same share again and again"


@pytest.mark.parametrize("mode", ["print", "endless line"])
def test_invalid_message_ends_worker_and_fails_step(desk: Callable[..., Desk], mode: str) -> None:
    one = desk(mode)
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, ProtocolError)


@pytest.mark.parametrize("mode", ["chatter", "print at start"])
def test_output_on_standard_error_and_before_ready_does_no_harm(desk: Callable[..., Desk], mode: str) -> None:
    one = desk(mode)
    one.submit()
    assert one.wait_for(Completed)


def test_outcomes_of_earlier_claim_are_ignored(desk: Callable[..., Desk]) -> None:
    one = desk("stale")
    one.submit(1, token=5)
    [completed] = one.wait_for(Completed)
    assert completed.token == 5 and "stale" not in completed.result
    assert [event.share for event in one.heard(Progressed)] == [0.5]


def test_error_is_passed_on_with_class_message_and_remedy(desk: Callable[..., Desk]) -> None:
    one = desk("error")
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert type(broke.error) is NoAudio
    assert broke.error.sentence == "It has no sound track. Drop another."


@posix_only
def test_crashed_worker_fails_its_step_with_the_reason_and_is_replaced(desk: Callable[..., Desk]) -> None:
    one = desk("die")
    one.submit(1)
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, WorkerDied) and "SIGSEGV" in broke.error.message
    assert broke.exit_code == -signal.SIGSEGV
    one.submit(2)
    assert len(one.wait_for(Started, times=2)) == 2


@posix_only
def test_result_written_before_worker_died_counts(desk: Callable[..., Desk]) -> None:
    one = desk("die after the result")
    one.submit()
    [completed] = one.wait_for(Completed, StepFailed)
    assert isinstance(completed, Completed) and completed.result == {"made": True}


@posix_only
def test_worker_killed_by_someone_has_not_run_out_of_memory(desk: Callable[..., Desk]) -> None:
    one = desk("be killed")
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert type(broke.error) is WorkerDied and broke.exit_code == -signal.SIGKILL
    assert broke.error.message.startswith("The media worker was killed (SIGKILL): by another program, by a person")


@posix_only
def test_worker_killed_while_system_killed_programs_for_memory_has_run_out_of_memory(
    desk: Callable[..., Desk],
) -> None:
    one = desk("be killed")
    one.submit()
    one.reading = MemoryReading(available=8_000_000_000, total=16_000_000_000, kills=1)
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, OutOfMemory) and "memory ran out" in broke.error.message


@posix_only
def test_worker_killed_while_little_memory_was_free_has_run_out_of_memory(
    desk: Callable[..., Desk],
) -> None:
    one = desk("be killed")
    one.reading = MemoryReading(available=100_000_000, total=16_000_000_000, kills=0)
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, OutOfMemory) and "only 100.0 MB of 16.0 GB was free" in broke.error.message


def test_worker_that_exceeds_its_memory_limit_is_ended(desk: Callable[..., Desk]) -> None:
    one = desk("fat", memory=200_000_000)
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, OutOfMemory) and "its limit is 200.0 MB" in broke.error.message
    assert broke.peak_memory > 200_000_000


def test_worker_that_cannot_start_fails_its_step_and_is_not_restarted_at_once(
    desk: Callable[..., Desk],
) -> None:
    one = desk("die at start", workers=2)
    one.submit(1)
    [broke] = one.wait_for(StepFailed)
    assert "code 3" in broke.error.message
    one.submit(2)
    for _ in range(50):
        one.tick()
    assert len(one.heard(StepFailed)) == 1, "it did not wait before it started the next"
    one.ahead_s = 5.0
    assert [event.step_id for event in one.wait_for(StepFailed, times=2)] == [1, 2]


def test_worker_that_never_becomes_ready_is_given_up(desk: Callable[..., Desk]) -> None:
    one = desk("never ready", launch={"start_s": 0.5})
    one.submit()
    [broke] = one.wait_for(StepFailed)
    assert isinstance(broke.error, Stalled) and "was not ready" in broke.error.message


def test_worker_is_replaced_after_set_number_of_steps(desk: Callable[..., Desk]) -> None:
    one = desk(recycle_after=1)
    for step_id in range(3):
        one.submit(step_id)
        one.wait_for(Completed, times=step_id + 1)
    assert len({event.pid for event in one.heard(Started)}) == 3


@pytest.mark.parametrize("mode", ["die importing", "die importing in a step"])
def test_engine_whose_import_ends_the_worker_is_left_out_and_no_step_fails(
    desk: Callable[..., Desk], mode: str
) -> None:
    one = desk(mode)
    one.submit(1)
    [completed] = one.wait_for(Completed)
    assert completed.result["made"] and one.heard(StepFailed) == []
    [said] = [event.text for event in one.heard(Logged) if "leaves an engine out" in event.text]
    assert said.endswith("It was importing the engine 'bad' of the package bads.")


def test_engine_that_ends_the_worker_while_it_is_loaded_is_named(desk: Callable[..., Desk]) -> None:
    one = desk("die loading")
    one.submit(1)
    [failed] = one.wait_for(StepFailed)
    assert failed.error.message.endswith("It was loading the engine 'bad' of the package bads.")


def test_worker_that_replaces_an_old_one_starts_before_a_step_needs_it(desk: Callable[..., Desk]) -> None:
    one = desk(recycle_after=1)
    one.submit(1)
    one.wait_for(Completed)

    def is_ready() -> bool:
        one.tick()
        return len([event for event in one.heard(Logged) if " ready in " in event.text]) == 2

    wait_until(is_ready, "the second worker to be ready")


def test_old_worker_is_replaced(desk: Callable[..., Desk]) -> None:
    one = desk(recycle_age=20)
    one.submit(1)
    one.wait_for(Completed)
    one.ahead_s = 21.0
    one.tick()
    one.submit(2)
    one.wait_for(Completed, times=2)
    assert len({event.pid for event in one.heard(Started)}) == 2


def test_cancelled_step_ends_its_worker_and_is_not_reported(desk: Callable[..., Desk]) -> None:
    one = desk("hang")
    one.submit(1)
    [started] = one.wait_for(Started)
    one.pool.cancel(1)
    assert gone(started.pid) and one.pool.free() == 1
    one.submit(2)
    one.wait_for(Started, times=2)
    assert one.heard(StepFailed, Completed) == []


def test_stop_ends_all_workers_and_returns_finished_results(desk: Callable[..., Desk]) -> None:
    one = desk("hang", workers=2)
    result = one.submit(1)
    one.submit(2)
    started = one.wait_for(Started, times=2)
    result.write_text('{"made": true}', encoding="utf-8")
    events = one.pool.stop(grace_s=0.2)
    assert [(type(event), event.step_id) for event in events if not isinstance(event, Logged)] == [(Completed, 1)]
    assert all(gone(event.pid) for event in started)


@posix_only
def test_stop_does_not_wait_for_a_process_that_escaped_with_a_pipe(desk: Callable[..., Desk]) -> None:
    one = desk("leave a process")
    orphan = one.submit().with_name("orphan")
    one.wait_for(Completed)
    pid = int(orphan.read_text("utf-8"))
    one.pool.stop(grace_s=0.2)
    assert not gone(pid)
    psutil.Process(pid).kill()


def test_sleep_of_machine_causes_no_timeout(desk: Callable[..., Desk]) -> None:
    one = desk("hang", launch={"stall_s": 120.0})
    one.submit(deadline_s=40.0)
    one.wait_for(Started)
    one.ahead_s = 3600.0
    for _ in range(10):
        one.tick()
    assert one.heard(StepFailed) == []
    one.ahead_s += 25.0
    one.tick()
    one.ahead_s += 25.0
    assert isinstance(one.wait_for(StepFailed)[0].error, DeadlineExceeded)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what /proc shows")
def test_finished_workers_leave_no_descriptors_or_threads(desk: Callable[..., Desk]) -> None:
    one = desk(recycle_after=1)
    one.submit(0)
    one.wait_for(Completed)
    one.tick()
    descriptors, threads = open_descriptors(), threading.active_count()
    for step_id in range(1, 20):
        one.submit(step_id)
        one.wait_for(Completed, times=step_id + 1)
        one.tick()
    assert open_descriptors() <= descriptors and threading.active_count() <= threads
    assert len(list(one.folder.glob("*.lock"))) == 1, "only the worker that replaced the last one is there"


def test_worker_with_wrong_library_is_replaced_by_one_that_preloads_nothing(
    desk: Callable[..., Desk],
) -> None:
    one = desk("needs another")
    one.submit()
    (broke,) = one.wait_for(StepFailed)
    assert isinstance(broke.error, FreshWorkerNeeded)
    one.submit(token=2)
    (completed,) = one.wait_for(Completed)
    first, second = one.heard(Started)
    assert completed.result["by"] == second.pid != first.pid


def test_idle_worker_exits_after_a_while_and_next_step_gets_a_new_one(desk: Callable[..., Desk]) -> None:
    one = desk("obey", idle_exit=60)
    one.submit()
    one.wait_for(Completed)
    (started,) = one.heard(Started)
    one.ahead_s = 20
    one.tick()
    assert psutil.pid_exists(started.pid)
    for one.ahead_s in (40, 60, 80):  # a single leap would count as sleep of the machine
        one.tick()
    wait_until(lambda: not psutil.pid_exists(started.pid), "the worker to end")
    one.submit(2)
    one.wait_for(Completed, times=2)


# -- asides -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(desk: Callable[..., Desk]) -> Desk:
    """A pool whose only worker runs step 1, which admits asides, and ends it when an aside says so."""
    one = desk("asides", launch={"stall_s": 10_000.0})
    one.submit(1, stage="synthesize", deadline_s=100.0)
    one.wait_for(Started)
    return one


def ended(one: Desk) -> list[tuple[int, Any]]:
    """Return the steps that have ended, with their results or the names of their errors."""
    return [
        (event.step_id, event.result if isinstance(event, Completed) else type(event.error).__name__)
        for event in one.heard(Completed, StepFailed)
    ]


def test_busy_worker_runs_an_aside_and_then_ends_its_step(busy: Desk) -> None:
    assert (busy.pool.free(), busy.pool.free_for_aside()) == (0, 1)
    busy.submit(2, does="work")
    assert busy.pool.free_for_aside() == 0, "one at a time"
    busy.wait_for(Completed)
    assert [type(event) for event in busy.said if getattr(event, "step_id", None) == 2] == [
        Started,
        Progressed,
        PieceMade,
        Completed,
    ]
    assert [step.step_id for step in busy.pool.running()] == [1] and busy.pool.free_for_aside() == 1
    busy.submit(3, does="end")
    busy.wait_for(Completed, times=3)
    assert [step for step, _result in ended(busy)] == [2, 1, 3]
    assert len({event.pid for event in busy.heard(Started)}) == 1 and busy.pool.free() == 1


def test_aside_that_has_begun_admits_another_and_that_one_no_third(busy: Desk) -> None:
    busy.submit(2, does="nest")
    busy.wait_for(Progressed)
    assert busy.pool.free_for_aside() == 1
    busy.submit(3, does="work")
    assert busy.pool.free_for_aside() == 0
    busy.wait_for(Completed, times=2)
    assert ended(busy) == [(3, {"as aside": True}), (2, {"as aside": True})]
    assert [step.step_id for step in busy.pool.running()] == [1] and busy.pool.free_for_aside() == 1


def test_aside_within_another_that_kills_the_worker_fails_alone_and_the_others_are_run_again(busy: Desk) -> None:
    busy.submit(2, does="nest")
    busy.wait_for(Progressed)
    busy.submit(3, does="die")
    busy.wait_for(StepFailed)
    assert ended(busy) == [(3, "WorkerDied")]
    busy.wait_for(Started, times=4)
    assert [event.step_id for event in busy.heard(Started)] == [1, 2, 3, 2]


def test_time_that_an_aside_within_another_takes_is_given_back_to_both(busy: Desk) -> None:
    busy.submit(2, does="nest", deadline_s=60.0)
    busy.wait_for(Progressed)
    sign = busy.submit(3, does="hang", deadline_s=300.0).with_name("sign")
    busy.wait_for(Started, times=3)
    pass_time(busy, 250.0)
    assert ended(busy) == [], "of its 300 s; those of the other two do not pass meanwhile"
    sign.touch()
    busy.wait_for(Completed, times=2)
    pass_time(busy, 75.0)
    assert [step for step, _result in ended(busy)] == [3, 2]
    pass_time(busy, 50.0)
    busy.wait_for(StepFailed)
    assert ended(busy)[2:] == [(1, "DeadlineExceeded")]


def test_asides_of_a_cancelled_step_are_run_by_the_next_worker(busy: Desk) -> None:
    busy.submit(2, does="nest")
    busy.wait_for(Progressed)
    busy.submit(3, does="wait")
    busy.pool.cancel(1)
    busy.wait_for(Completed, times=2)
    assert sorted(ended(busy)) == [(2, {"as aside": False}), (3, {"as aside": False})]


def test_aside_is_an_ordinary_step_for_an_idle_worker_and_where_no_aside_is_admitted(
    desk: Callable[..., Desk],
) -> None:
    one = desk("asides")
    one.submit(1, does="work")
    one.wait_for(Completed)
    one.submit(2, does="work")
    one.wait_for(Completed, times=2)
    assert ended(one) == [(1, {"as aside": False}), (2, {"as aside": False})]
    one.submit(3, stage="probe")
    assert one.pool.free_for_aside() == 0
    one.submit(4, does="work")
    for _ in range(20):
        one.tick()
    assert [event.step_id for event in one.heard(Started)] == [1, 2, 3], "it waits for the next idle worker"


def test_aside_that_needs_another_engine_fails_alone_and_the_worker_is_not_replaced(busy: Desk) -> None:
    busy.submit(2, does="need another")
    busy.wait_for(StepFailed)
    busy.submit(3, does="end")
    busy.wait_for(Completed, times=2)
    assert ended(busy)[0] == (2, "FreshWorkerNeeded")
    assert len({event.pid for event in busy.heard(Started)}) == 1


@posix_only
def test_aside_that_kills_the_worker_fails_alone_and_the_step_is_run_again(busy: Desk) -> None:
    for step_id in (2, 3, 4, 5):  # as many as a step has attempts, and one more
        busy.submit(step_id, does="die")
        wait_until(lambda: busy.tick() is None and busy.pool.free_for_aside() == 1, "the step to be run again")
    assert ended(busy) == [(step_id, "WorkerDied") for step_id in (2, 3, 4, 5)]
    assert [event.step_id for event in busy.heard(Started)] == [1, 2, 1, 3, 1, 4, 1, 5, 1]


@posix_only
def test_step_whose_result_is_written_counts_if_an_aside_then_kills_the_worker(busy: Desk) -> None:
    (busy.folder / "result-1").write_text('{"made": true}', encoding="utf-8")
    busy.submit(2, does="die")
    busy.wait_for(Completed, StepFailed, times=2)
    assert ended(busy) == [(1, {"made": True}), (2, "WorkerDied")]


@posix_only
def test_cancelled_aside_that_kills_the_worker_fails_nothing(busy: Desk) -> None:
    sign = busy.submit(2, does="hang to die").with_name("sign")
    busy.wait_for(Started, times=2)
    busy.pool.cancel(2)
    sign.touch()
    busy.wait_for(Started, times=3)
    assert ended(busy) == [] and [step.step_id for step in busy.pool.running()] == [1]


@posix_only
def test_aside_that_had_not_begun_when_the_worker_died_is_run_by_the_next(busy: Desk) -> None:
    busy.submit(2, does="die waiting")
    busy.wait_for(Completed)
    assert ended(busy) == [(1, "WorkerDied"), (2, {"as aside": False})]


def test_time_that_an_aside_takes_is_given_back_to_the_step(busy: Desk) -> None:
    sign = busy.submit(2, does="hang", deadline_s=300.0).with_name("sign")
    busy.wait_for(Started, times=2)
    pass_time(busy, 250.0)
    assert ended(busy) == [], "of its 300 s; those of the step do not pass meanwhile"
    sign.touch()
    busy.wait_for(Completed)
    pass_time(busy, 75.0)
    assert ended(busy) == [(2, {"as aside": True})]
    pass_time(busy, 50.0)
    busy.wait_for(StepFailed)
    assert ended(busy)[1:] == [(1, "DeadlineExceeded")]


def test_aside_that_is_late_fails_alone_and_the_step_is_run_again(busy: Desk) -> None:
    busy.submit(2, does="hang", deadline_s=50.0)
    busy.wait_for(Started, times=2)
    pass_time(busy, 75.0)
    busy.wait_for(StepFailed)
    busy.wait_for(Started, times=3)
    assert ended(busy) == [(2, "DeadlineExceeded")]
    assert [event.step_id for event in busy.heard(Started)] == [1, 2, 1]


def test_cancelled_aside_is_withdrawn_before_it_begins_and_ignored_later(busy: Desk) -> None:
    busy.submit(2, does="wait")
    busy.pool.cancel(2)
    wait_until(lambda: busy.tick() is None and busy.pool.free_for_aside() == 1, "the aside to be withdrawn")
    sign = busy.submit(3, does="hang").with_name("sign")
    busy.wait_for(Started, times=2)
    busy.pool.cancel(3)
    assert [step.step_id for step in busy.pool.running()] == [1]
    sign.touch()
    wait_until(lambda: busy.tick() is None and busy.pool.free_for_aside() == 1, "the aside to end for nothing")
    busy.submit(4, does="end")
    busy.wait_for(Completed, times=2)
    assert [step for step, _result in ended(busy)] == [1, 4], "the step was not disturbed"


def test_aside_of_a_cancelled_step_is_run_by_the_next_worker(busy: Desk) -> None:
    busy.submit(2, does="hang")
    busy.wait_for(Started, times=2)
    busy.pool.cancel(1)
    busy.wait_for(Completed)
    assert ended(busy) == [(2, {"as aside": False})]


def test_stop_returns_the_results_of_both_steps(busy: Desk) -> None:
    results = [busy.folder / "result-1", busy.submit(2, does="hang")]
    busy.wait_for(Started, times=2)
    for result in results:
        result.write_text("{}", encoding="utf-8")
    assert [event.step_id for event in busy.pool.stop(grace_s=0.1) if isinstance(event, Completed)] == [1, 2]
