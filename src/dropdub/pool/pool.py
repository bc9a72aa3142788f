"""A bounded set of warm workers of one kind: who is free, who is late, who has died."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropdub.awake import Turns
from dropdub.config import PoolSettings
from dropdub.errors import DeadlineExceeded, DropdubError, FreshWorkerNeeded, OutOfMemory, Stalled, WorkerDied
from dropdub.pool.messages import Done, Failed, Log, Progress, ProtocolError, Ready, Run, Up
from dropdub.pool.slot import Launch, Phase, Slot
from dropdub.process import Identity, MemoryReading, boot_id, error_for_exit, read_memory, shortage, tree_memory
from dropdub.units import format_duration, format_size

__all__ = ["Broke", "Completed", "Launch", "Pool", "PoolEvent", "Progressed", "RunningStep", "Said", "Started"]

MEMORY_EVERY_S = 2.0
READINGS = 2
"""What the machine said is remembered so often: a worker may die just before a reading, and be missed just after."""
START_BACKOFF_S = (1.0, 60.0)


@dataclass(frozen=True)
class Started:
    """A worker has begun a step."""

    step_id: int
    token: int
    pid: int
    pid_started: float


@dataclass(frozen=True)
class Progressed:
    """The done share of a step has changed."""

    step_id: int
    token: int
    share: float


@dataclass(frozen=True)
class Completed:
    """A step has a result. `peak_memory` in bytes, of the worker's whole tree."""

    step_id: int
    token: int
    result: dict[str, Any]
    seconds: float
    peak_memory: int


@dataclass(frozen=True)
class Broke:
    """A step ended in an error, or its worker did."""

    step_id: int
    token: int
    error: DropdubError
    exit_code: int | None
    seconds: float
    peak_memory: int


@dataclass(frozen=True)
class Said:
    """A line for the log."""

    step_id: int | None
    level: str
    text: str


PoolEvent = Started | Progressed | Completed | Broke | Said


@dataclass(frozen=True)
class RunningStep:
    """A step that a worker has now."""

    step_id: int
    token: int
    share: float
    seconds: float
    memory: int


class Pool:
    """Workers of one kind. All times are monotonic seconds, given by the caller."""

    def __init__(
        self,
        name: str,
        settings: PoolSettings,
        launch: Launch,
        *,
        wake: Callable[[], None],
        machine: Callable[[], MemoryReading] = read_memory,
    ) -> None:
        self.name = name
        self._settings = settings
        self._launch = launch
        self._wake = wake
        self._slots: list[Slot] = []
        self._queued: list[Run] = []
        self._turns = Turns()
        self._next_memory = 0.0
        self._start_after = 0.0
        self._failed_starts = 0
        self._news: list[PoolEvent] = []
        self._machine = machine
        self._readings: deque[MemoryReading] = deque([machine()], maxlen=READINGS)

    def warm(self, now: float) -> None:
        """Start all workers ahead of the first step."""
        while len(self._slots) < self._settings.workers and now >= self._start_after:
            self._start(now)

    def free(self) -> int:
        """Return how many more steps it could take now."""
        busy = sum(slot.phase is Phase.BUSY for slot in self._slots)
        return self._settings.workers - busy - len(self._queued)

    def submit(self, run: Run, *, now: float) -> None:
        """Take a step; its deadline counts from the moment that a worker begins it."""
        self._queued.append(run)
        self._hand_out(now)

    def running(self) -> list[RunningStep]:
        """Return the steps that workers have now."""
        return [
            RunningStep(slot.run.step_id, slot.run.token, slot.share, now_since(slot), slot.memory)
            for slot in self._slots
            if slot.run is not None
        ]

    def next_deadline(self) -> float | None:
        """Return when the next running step must have ended."""
        return min((slot.deadline for slot in self._slots if slot.deadline is not None), default=None)

    def tick(self, now: float) -> list[PoolEvent]:
        """Hear the workers, end those that are late, silent, too big or old; return what has happened."""
        self._forgive_sleep(now)
        for slot in list(self._slots):
            self._news += self._hear(slot, now)
        self._measure(now)
        for slot in list(self._slots):
            self._news += self._judge(slot, now)
        self._hand_out(now)
        events, self._news = self._news, []
        return events

    def cancel(self, step_id: int) -> None:
        """Kill the worker that has this step, with its tree; nothing is reported of the step."""
        self._queued = [run for run in self._queued if run.step_id != step_id]
        for slot in [slot for slot in self._slots if slot.run is not None and slot.run.step_id == step_id]:
            self._remove(slot)

    def dismiss(self) -> None:
        """Tell all workers to end; `stop` is to follow."""
        for slot in self._slots:
            slot.dismiss()

    def stop(self, *, grace_s: float) -> list[PoolEvent]:
        """End all workers within `grace_s` and a little; return the results that had been reached."""
        self.dismiss()
        ends_at = time.monotonic() + grace_s
        for slot in self._slots:
            slot.wait(max(0.0, ends_at - time.monotonic()))
        events = [event for slot in list(self._slots) for event in self._last_words(slot)]
        while self._slots:
            self._remove(self._slots[0])
        self._queued.clear()
        return events

    def _start(self, now: float) -> None:
        self._slots.append(Slot(self.name, self._settings, self._launch, now=now, wake=self._wake))

    def _hand_out(self, now: float) -> None:
        """Give queued steps to idle workers; start workers for the rest."""
        for slot in self._slots:
            if self._queued and slot.phase is Phase.IDLE:
                run = self._queued.pop(0)
                slot.give(run, now)
                started = slot.reported.started if slot.reported else 0.0
                self._news.append(Started(run.step_id, run.token, slot.pid, started))
        starting = sum(slot.phase is Phase.STARTING for slot in self._slots)
        missing = min(len(self._queued) - starting, self._settings.workers - len(self._slots))
        if now >= self._start_after:
            for _ in range(missing):
                self._start(now)

    def _hear(self, slot: Slot, now: float) -> Iterator[PoolEvent]:
        while slot in self._slots and not slot.heard.empty():
            message = slot.heard.get()
            slot.last_heard = now
            if message is None:
                yield from self._ended(slot, now)
            elif isinstance(message, ProtocolError) and slot.phase is Phase.STARTING:
                yield Said(None, "debug", message.message)  # libraries may print while they are imported
            elif isinstance(message, ProtocolError):
                yield from self._break(slot, message, None, now)
            else:
                yield from self._heard(slot, message, now)

    def _heard(self, slot: Slot, message: Up, now: float) -> Iterator[PoolEvent]:
        if isinstance(message, Ready):
            slot.phase = Phase.IDLE
            slot.idle_since = now
            slot.reported = Identity(message.pid, message.started, boot_id())
            self._failed_starts = 0
            text = f"worker {slot.name} ready in {message.seconds:.1f} s with {format_size(message.memory)}"
            yield Said(None, "info", text)
        elif isinstance(message, Log):
            yield Said(message.step_id, message.level, message.text)
        elif isinstance(message, Progress) and slot.run is not None and slot.run.token == message.token:
            slot.got_on(min(max(message.share, 0.0), 1.0), now)
            yield Progressed(message.step_id, message.token, slot.share)
        elif isinstance(message, Done | Failed) and slot.speaks_of(message):
            yield self._outcome(slot, message, now)

    def _outcome(self, slot: Slot, message: Done | Failed, now: float) -> PoolEvent:
        seconds, peak = now - slot.run_since, slot.peak
        slot.freed(now)
        if isinstance(message, Done):
            return Completed(message.step_id, message.token, message.result, seconds, peak)
        error = DropdubError.from_dict(message.error)
        if isinstance(error, FreshWorkerNeeded):  # and one that does not load the same again
            self._launch = replace(self._launch, start=replace(self._launch.start, preload=False))
            self._end_idle(slot)
        return Broke(message.step_id, message.token, error, None, seconds, peak)

    def _ended(self, slot: Slot, now: float) -> Iterator[PoolEvent]:
        """Take note of a worker whose output has ended. A result on disk counts, however the process ended."""
        slot.wait(1.0)
        code = slot.exit_code
        error = self._death(slot, code) if code is not None else WorkerDied("The worker closed its output.")
        yield from self._break(slot, error, code, now)

    def _death(self, slot: Slot, code: int) -> WorkerDied:
        short = shortage(self._readings, self._machine(), used=slot.memory, limit=int(self._settings.memory))
        return error_for_exit(code, worker=f"{self.name} worker", shortage=short)

    def _break(self, slot: Slot, error: DropdubError, code: int | None, now: float) -> Iterator[PoolEvent]:
        run, seconds = slot.run, now - slot.run_since
        was_starting = slot.phase is Phase.STARTING
        self._remove(slot)
        if was_starting:
            yield from self._start_failed(error, now)
        if run is None:
            return
        result = committed_result(run)
        if result is not None:
            yield Completed(run.step_id, run.token, result, seconds, slot.peak)
        else:
            yield Broke(run.step_id, run.token, error, code, seconds, slot.peak)

    def _start_failed(self, error: DropdubError, now: float) -> Iterator[PoolEvent]:
        """Wait longer after each failed start; the step that waits longest is charged with it."""
        first, longest = START_BACKOFF_S
        self._start_after = now + min(first * 2**self._failed_starts, longest)
        self._failed_starts += 1
        yield Said(None, "error", f"a {self.name} worker could not start: {error.message}")
        if self._queued:
            run = self._queued.pop(0)
            yield Broke(run.step_id, run.token, error, None, 0.0, 0)

    def _judge(self, slot: Slot, now: float) -> Iterator[PoolEvent]:
        if slot not in self._slots:
            return
        error = self._fault(slot, now)
        if error is not None:
            yield from self._break(slot, error, None, now)
        elif slot.phase is Phase.IDLE and (self._worn(slot, now) or self._unused(slot, now)):
            self._end_idle(slot)

    def _end_idle(self, slot: Slot) -> None:
        slot.dismiss()
        slot.wait(1.0)
        self._remove(slot)

    def _fault(self, slot: Slot, now: float) -> DropdubError | None:
        if slot.deadline is not None and now >= slot.deadline:
            stage = slot.run.payload.get("stage", "The step") if slot.run else "The step"
            return DeadlineExceeded(f"{stage} took longer than {format_duration(now - slot.run_since)}.")
        if slot.phase is Phase.STARTING:
            if now - slot.born > self._launch.start_s:
                return Stalled(f"The {self.name} worker was not ready within {format_duration(self._launch.start_s)}.")
            return None
        if now - slot.last_heard > self._launch.stall_s:
            return Stalled(f"The {self.name} worker said nothing for {format_duration(now - slot.last_heard)}.")
        if slot.memory > self._settings.memory:
            limit = format_size(self._settings.memory)
            return OutOfMemory(
                f"The {self.name} worker grew to {format_size(slot.memory)}; its limit is {limit}.",
                remedy=f"Choose a smaller model in config.yaml, or raise pools.{self.name}.memory where there is more.",
            )
        return None

    def _worn(self, slot: Slot, now: float) -> bool:
        return slot.steps >= self._settings.recycle_after or now - slot.born >= self._settings.recycle_age

    def _unused(self, slot: Slot, now: float) -> bool:
        """Return whether a worker has had nothing to do for so long that its memory is to be given back."""
        idle_exit = self._settings.idle_exit
        return idle_exit is not None and not self._queued and now - slot.idle_since >= idle_exit

    def _measure(self, now: float) -> None:
        if now < self._next_memory:
            return
        self._next_memory = now + MEMORY_EVERY_S
        self._readings.append(self._machine())
        for slot in self._slots:
            slot.memory = tree_memory(slot.pid) or slot.memory  # of one that has just died, what it had
            slot.peak = max(slot.peak, slot.memory)

    def _forgive_sleep(self, now: float) -> None:
        """Give the workers the time back that passed while the machine slept: nobody is timed out for it."""
        slept_s = self._turns.slept_s(now)
        if not slept_s:
            return
        for slot in self._slots:
            slot.born += slept_s
            slot.idle_since += slept_s
            slot.last_heard += slept_s
            if slot.deadline is not None:
                slot.deadline += slept_s

    def _last_words(self, slot: Slot) -> Iterator[PoolEvent]:
        result = committed_result(slot.run) if slot.run is not None else None
        if slot.run is not None and result is not None:
            yield Completed(slot.run.step_id, slot.run.token, result, 0.0, slot.peak)

    def _remove(self, slot: Slot) -> None:
        self._slots.remove(slot)
        slot.close()


def now_since(slot: Slot) -> float:
    """Return how long the slot's step has run, as last heard."""
    return slot.last_heard - slot.run_since


def committed_result(run: Run) -> dict[str, Any] | None:
    """Return the result that a worker wrote before its end, or None."""
    try:
        result = json.loads(Path(run.payload["result_file"]).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return result if isinstance(result, dict) else None
