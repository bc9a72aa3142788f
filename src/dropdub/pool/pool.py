"""A bounded set of warm workers of one kind; detects free, late and dead ones."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dropdub.awake import Turns
from dropdub.config import PoolSettings
from dropdub.errors import (
    DeadlineExceeded,
    DropdubError,
    FreshWorkerNeeded,
    OutOfMemory,
    Stalled,
    WorkerDied,
    more_time,
)
from dropdub.pool.events import (
    Completed,
    Logged,
    PieceMade,
    PoolEvent,
    Progressed,
    RunningStep,
    Started,
    StepFailed,
)
from dropdub.pool.messages import (
    Done,
    Failed,
    Log,
    Occupied,
    OfStep,
    Piece,
    ProtocolError,
    Ready,
    Report,
    Run,
    Up,
    Uses,
    Withdrawn,
)
from dropdub.pool.slot import Launch, Phase, Slot
from dropdub.pool.workload import Assigned
from dropdub.process import Identity, MemoryReading, boot_id, error_for_exit, read_memory, shortage
from dropdub.units import format_duration, format_size

__all__ = [
    "Completed",
    "Launch",
    "Logged",
    "PieceMade",
    "Pool",
    "PoolEvent",
    "Progressed",
    "RunningStep",
    "Started",
    "StepFailed",
]

MEMORY_EVERY_S = 2.0
READINGS = 2
"""Number of machine memory readings kept, because a worker may die between a reading and its detection."""
START_BACKOFF_S = (1.0, 60.0)
LONGER = 4
"""How many times as long as now a message advises to wait."""


class Pool:
    """Workers of one kind. All times are monotonic seconds, passed in by the caller."""

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
        self._events: list[PoolEvent] = []
        self._machine = machine
        self._readings: deque[MemoryReading] = deque([machine()], maxlen=READINGS)

    def warm(self, now: float) -> None:
        """Start all workers before the first step arrives."""
        while len(self._slots) < self._settings.workers and now >= self._start_after:
            self._start(now)

    def free(self) -> int:
        """Return how many more steps the pool can take now."""
        busy = sum(slot.phase is Phase.BUSY for slot in self._slots)
        return self._settings.workers - busy - len(self._queued)

    def free_for_aside(self) -> int:
        """Return how many asides busy workers can take now: one each, between two pieces of a step that admits it."""
        return sum(slot.takes_aside for slot in self._slots)

    def submit(self, run: Run, *, now: float, aside: bool = False) -> None:
        """Queue a step; its deadline counts from the moment a worker begins it.

        With `aside`, a busy worker gets it if none is idle. It fails with FreshWorkerNeeded if it needs an engine that
        this worker has not loaded.
        """
        if now >= self._next_memory + MEMORY_EVERY_S:  # all were idle: what died meanwhile says nothing about this step
            self._readings.clear()
            self._readings.append(self._machine())
        slot = self._slot_for_aside() if aside else None
        if slot is not None:
            slot.assign_aside(run, now)
            return
        self._queued.append(run)
        self._assign_steps(now)

    def running(self) -> list[RunningStep]:
        """Return the steps that workers are running."""
        return [
            RunningStep(one.run.step_id, one.run.token, one.share, elapsed_s(slot, one), slot.memory)
            for slot in self._slots
            for one in slot.work.all()
            if one.has_begun and one.is_wanted
        ]

    def next_deadline(self) -> float | None:
        """Return the earliest deadline of a running step, or None."""
        deadlines = (slot.life.deadline for slot in self._slots if slot.work.current is not None)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def tick(self, now: float) -> list[PoolEvent]:
        """Handle worker messages, end workers that are late, silent, too big or old; return the events."""
        self._forgive_sleep(now)
        for slot in list(self._slots):
            self._events += self._receive(slot, now)
        self._measure(now)
        for slot in list(self._slots):
            self._events += self._check(slot, now)
        self._assign_steps(now)
        events, self._events = self._events, []
        return events

    def cancel(self, step_id: int) -> None:
        """End a step, of which no event is returned from now on. Its worker is killed with its process tree.

        An aside only is withdrawn; if it has begun, it is run to its end for nothing. If its main step is cancelled, it
        is queued again.
        """
        self._queued = [run for run in self._queued if run.step_id != step_id]
        for slot in list(self._slots):
            for one in slot.work.all():
                if one.run.step_id == step_id:
                    self._cancel(slot, one)

    def request_stop(self) -> None:
        """Ask all workers to exit; call `stop` afterwards."""
        for slot in self._slots:
            slot.request_stop()

    def stop(self, *, grace_s: float) -> list[PoolEvent]:
        """Stop all workers within `grace_s` and a little more; return the results they had already written."""
        self.request_stop()
        ends_at = time.monotonic() + grace_s
        for slot in self._slots:
            slot.wait(max(0.0, ends_at - time.monotonic()))
        events = [event for slot in list(self._slots) for event in self._final_results(slot)]
        while self._slots:
            self._remove(self._slots[0])
        self._queued.clear()
        return events

    def _start(self, now: float) -> None:
        self._slots.append(Slot(self.name, self._settings, self._launch, now=now, wake=self._wake))

    def _assign_steps(self, now: float) -> None:
        """Assign queued steps to idle workers, and start workers for the rest."""
        for slot in self._slots:
            if self._queued and slot.phase is Phase.IDLE:
                run = self._queued.pop(0)
                slot.assign(run, now)
                self._events.append(_started(slot, run))
                self._wake()  # to record it while the worker is busy, not together with its outcome
        starting = sum(slot.phase is Phase.STARTING for slot in self._slots)
        missing = min(len(self._queued) - starting, self._settings.workers - len(self._slots))
        if now >= self._start_after:
            for _ in range(missing):
                self._start(now)

    def _slot_for_aside(self) -> Slot | None:
        if any(slot.phase is Phase.IDLE for slot in self._slots):
            return None
        return next((slot for slot in self._slots if slot.takes_aside), None)

    def _cancel(self, slot: Slot, one: Assigned) -> None:
        if one is not slot.work.main:
            slot.withdraw_aside(one)
            return
        self._remove(slot)
        for aside in slot.work.asides:
            self._put_back(aside)

    def _put_back(self, one: Assigned) -> None:
        """Queue a step again, before all others, through no fault of its own; not if it was cancelled."""
        if one.is_wanted:
            self._queued.insert(0, replace(one.run, done=one.share))

    def _receive(self, slot: Slot, now: float) -> Iterator[PoolEvent]:
        while slot in self._slots and not slot.incoming.empty():
            message = slot.incoming.get()
            slot.life.record_message(now)
            if message is None:
                yield from self._output_ended(slot, now)
            elif isinstance(message, ProtocolError) and slot.phase is Phase.STARTING:
                yield Logged(None, "debug", message.message)  # libraries may print while being imported
            elif isinstance(message, ProtocolError):
                yield from self._end_broken(slot, message, None, now)
            else:
                yield from self._handle(slot, message, now)

    def _handle(self, slot: Slot, message: Up, now: float) -> Iterator[PoolEvent]:
        if isinstance(message, Ready):
            slot.measure(now)  # with what it has loaded: a short step ends before the next measurement
            slot.become_idle(now)
            slot.reported = Identity(message.pid, message.started, boot_id())
            self._failed_starts = 0
            text = f"worker {slot.name} ready in {message.seconds:.1f} s with {format_size(message.memory)}"
            yield Logged(None, "info", text)
        elif isinstance(message, Occupied):
            slot.occupied = message
        elif isinstance(message, Log):
            yield Logged(message.step_id, message.level, message.text)
        elif isinstance(message, OfStep) and (one := slot.work.find(message)) is not None:
            events = list(self._about(slot, one, message, now))
            yield from events if one.is_wanted else ()

    def _about(self, slot: Slot, one: Assigned, message: Report, now: float) -> Iterator[PoolEvent]:
        """Record what a worker sent about a step that it has."""
        if isinstance(message, Done | Failed | Withdrawn):
            yield from self._outcome(slot, one, message, now)
            return
        if not one.has_begun:
            slot.begin(one, now)
            yield _started(slot, one.run)
        if isinstance(message, Piece):
            yield PieceMade(message.step_id, message.token, message.number)
        elif isinstance(message, Uses):
            one.uses = message.what
        else:
            slot.record_progress(one, min(max(message.share, 0.0), 1.0), now)
            yield Progressed(message.step_id, message.token, one.share)

    def _outcome(
        self, slot: Slot, one: Assigned, message: Done | Failed | Withdrawn, now: float
    ) -> Iterator[PoolEvent]:
        in_main, seconds = one is slot.work.main, one.ran_s(now)
        slot.finish(one, now)
        if isinstance(message, Done):
            yield Completed(message.step_id, message.token, message.result, seconds, one.peak)
        elif isinstance(message, Failed):
            error = DropdubError.from_dict(message.error)
            if in_main and isinstance(error, FreshWorkerNeeded):  # the worker must not end for an aside
                self._replace(slot)
            yield StepFailed(message.step_id, message.token, error, None, seconds, one.peak)

    def _replace(self, slot: Slot) -> None:
        """End a worker whose engine is in the way; the next one must not preload the same."""
        self._launch = replace(self._launch, start=replace(self._launch.start, preload=False))
        self._end_idle(slot)
        for one in slot.work.all():
            self._put_back(one)

    def _output_ended(self, slot: Slot, now: float) -> Iterator[PoolEvent]:
        """Handle a worker whose output has ended. A result on disk counts, however the process ended."""
        slot.wait(1.0)
        code = slot.exit_code
        error = self._exit_error(slot, code) if code is not None else WorkerDied("The worker closed its output.")
        yield from self._end_broken(slot, error, code, now)

    def _exit_error(self, slot: Slot, code: int) -> WorkerDied:
        short = shortage(self._readings, self._machine(), used=slot.memory, limit=int(self._settings.memory))
        return error_for_exit(code, worker=f"{self.name} worker", shortage=short)

    def _end_broken(self, slot: Slot, error: DropdubError, code: int | None, now: float) -> Iterator[PoolEvent]:
        """Remove a worker and fail the step that it was doing; what else it had is queued again.

        So texts that kill their worker, as asides, use no attempts of the recording that it was speaking; and an
        engine that does so while it is imported uses none at all, since the next worker leaves it out.
        """
        was_starting, doing, error = slot.phase is Phase.STARTING, slot.work.current, _occupied(slot, error)
        self._remove(slot)
        imported = slot.occupied.imports
        if imported:
            yield self._left_out(imported, error)
        elif was_starting:
            yield from self._start_failed(error, now)
        for one in filter(lambda one: one.is_wanted, slot.work.all()):
            result = committed_result(one.run)
            if result is not None:
                yield Completed(one.run.step_id, one.run.token, result, one.ran_s(now), one.peak)
            elif one is doing and one.has_begun and not imported:
                yield StepFailed(one.run.step_id, one.run.token, _naming(one, error), code, one.ran_s(now), one.peak)
            else:
                self._put_back(one)

    def _left_out(self, engine: str, error: DropdubError) -> PoolEvent:
        """Start the next workers without an engine of another package whose import has ended one."""
        start = self._launch.start
        self._launch = replace(self._launch, start=replace(start, left_out=[*start.left_out, engine]))
        return Logged(
            None, "error", f"{self.name} worker ended, and the next one leaves an engine out: {error.message}"
        )

    def _start_failed(self, error: DropdubError, now: float) -> Iterator[PoolEvent]:
        """Wait longer after each failed start; the first queued step fails with the error."""
        first, longest = START_BACKOFF_S
        self._start_after = now + min(first * 2**self._failed_starts, longest)
        self._failed_starts += 1
        yield Logged(None, "error", f"{self.name} worker failed to start: {error.message}")
        if self._queued:
            run = self._queued.pop(0)
            yield StepFailed(run.step_id, run.token, error, None, 0.0, 0)

    def _check(self, slot: Slot, now: float) -> Iterator[PoolEvent]:
        if slot not in self._slots:
            return
        error = self._fault(slot, now)
        if error is not None:
            yield from self._end_broken(slot, error, None, now)
        elif slot.phase is Phase.IDLE and self._recycling_due(slot, now):
            self._end_idle(slot)
            if now >= self._start_after:
                self._start(now)  # the next step does not have to wait for it
        elif slot.phase is Phase.IDLE and self._idle_too_long(slot, now):
            self._end_idle(slot)
            idle_s = format_duration(now - slot.idle_since)
            text = f"worker {slot.name} ended to free its memory, because it had nothing to do for {idle_s}"
            yield Logged(None, "info", text)

    def _end_idle(self, slot: Slot) -> None:
        slot.request_stop()
        slot.wait(1.0)
        self._remove(slot)

    def _fault(self, slot: Slot, now: float) -> DropdubError | None:
        is_starting = slot.phase is Phase.STARTING
        if slot.is_late(now):
            return self._start_stalled() if is_starting else _deadline_exceeded(slot, now)
        if not is_starting and slot.is_silent(now, self._launch.stall_s):
            return self._stalled(now - slot.life.last_sign_at)
        if slot.memory > self._settings.memory:
            limit = format_size(self._settings.memory)
            return OutOfMemory(
                f"The {self.name} worker used {format_size(slot.memory)} of memory; its limit is {limit}.",
                remedy=f"Choose a smaller model in config.yaml or, if the machine has more memory, raise "
                f"pools.{self.name}.memory.",
            )
        return None

    def _start_stalled(self) -> Stalled:
        start_s = self._launch.start_s
        message = f"The {self.name} worker was not ready within {format_duration(start_s)}."
        return Stalled(message, remedy=more_time("start", LONGER * start_s))

    def _stalled(self, silent_s: float) -> Stalled:
        silent = f"The {self.name} worker sent no message and computed nothing for {format_duration(silent_s)}."
        return Stalled(silent, remedy=more_time("stall", LONGER * self._launch.stall_s))

    def _recycling_due(self, slot: Slot, now: float) -> bool:
        return slot.steps >= self._settings.recycle_after or now - slot.started_at >= self._settings.recycle_age

    def _idle_too_long(self, slot: Slot, now: float) -> bool:
        """Return whether a worker has been idle so long that its memory should be released."""
        idle_exit = self._settings.idle_exit
        return idle_exit is not None and not self._queued and now - slot.idle_since >= idle_exit

    def _measure(self, now: float) -> None:
        """Measure the machine's memory, and memory and CPU time of workers. Those of an idle worker do not change."""
        measured = [slot for slot in self._slots if slot.phase is not Phase.IDLE or slot.must_be_measured]
        if now < self._next_memory or not measured:
            return
        self._next_memory = now + MEMORY_EVERY_S
        self._readings.append(self._machine())
        for slot in measured:
            slot.measure(now)

    def _forgive_sleep(self, now: float) -> None:
        """Extend all times by the time the machine was suspended, so that no worker times out because of it."""
        slept_s = self._turns.slept_s(now)
        if not slept_s:
            return
        for slot in self._slots:
            slot.forgive(slept_s)

    def _final_results(self, slot: Slot) -> Iterator[PoolEvent]:
        for one in slot.work.all():
            result = committed_result(one.run)
            if result is not None and one.is_wanted:
                yield Completed(one.run.step_id, one.run.token, result, 0.0, one.peak)

    def _remove(self, slot: Slot) -> None:
        self._slots.remove(slot)
        slot.close()


def elapsed_s(slot: Slot, one: Assigned) -> float:
    """Return how long a step had been running at its worker's last sign of life, in seconds."""
    return slot.life.last_sign_at - one.since


def _started(slot: Slot, run: Run) -> Started:
    return Started(run.step_id, run.token, slot.pid, slot.reported.started if slot.reported else 0.0)


def _naming(one: Assigned, error: DropdubError) -> DropdubError:
    """Return the error of a step whose worker was ended, with the engine of another package that it was using."""
    return _added(error, f"It was using {one.uses}.") if one.uses else error


def _occupied(slot: Slot, error: DropdubError) -> DropdubError:
    """Return the error of a worker, with the engine of another package that it was importing or loading."""
    doing = "importing" if slot.occupied.imports else "loading"
    return _added(error, f"It was {doing} {slot.occupied.what}.") if slot.occupied.what else error


def _added(error: DropdubError, sentence: str) -> DropdubError:
    return DropdubError.from_dict({**error.to_dict(), "message": f"{error.message} {sentence}"})


def _deadline_exceeded(slot: Slot, now: float) -> DeadlineExceeded:
    one = slot.work.current
    assert one is not None, "only a step has this deadline"
    return DeadlineExceeded(f"{one.stage} took longer than {format_duration(one.ran_s(now))}.")


def committed_result(run: Run) -> dict[str, Any] | None:
    """Return the result that a worker wrote before it ended, or None."""
    try:
        result = json.loads(Path(run.payload["result_file"]).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return result if isinstance(result, dict) else None
