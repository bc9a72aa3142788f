"""A pool whose worker is the supervisor's own process: one kill ends both, and a place in a stage is a place in it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import ClassVar

from dropdub import failpoints, worker
from dropdub.config import PoolSettings
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import DropdubError
from dropdub.pipeline.cache import Cache
from dropdub.pool.messages import Done, Failed, Progress, Run, Up, decode_up
from dropdub.pool.pool import (
    Completed,
    Launch,
    PoolEvent,
    Progressed,
    RunningStep,
    Started,
    StepFailed,
    committed_result,
)
from dropdub.process import error_for_exit

_shelves: dict[str, EngineRegistry] = {}
"""Engines by pool: those that are loaded when a life is forked are warm in it."""


class InlinePool:
    """Does what `dropdub.pool.pool.Pool` does, one step at a time, in `tick`.

    `alone`: failpoints for steps, by key, that run in a process of their own, so that they end only a worker. Their
    places are counted from the step's start.
    """

    alone: ClassVar[Mapping[str, str]] = {}

    def __init__(self, name: str, settings: PoolSettings, launch: Launch, *, wake: Callable[[], None]) -> None:
        self.name = name
        self._start = launch.start
        self._wake = wake
        self._queued: list[Run] = []

    def warm(self, now: float) -> None:
        """Do nothing: the engines are loaded by the first step."""

    def free(self) -> int:
        return 1 - len(self._queued)

    def free_for_aside(self) -> int:
        return 0

    def submit(self, run: Run, *, now: float, aside: bool = False) -> None:
        self._queued.append(run)
        self._wake()

    def running(self) -> list[RunningStep]:
        return []

    def next_deadline(self) -> float | None:
        return None

    def cancel(self, step_id: int) -> None:
        self._queued = [run for run in self._queued if run.step_id != step_id]

    def request_stop(self) -> None:
        """Do nothing: there is no worker process to stop."""

    def stop(self, *, grace_s: float) -> list[PoolEvent]:
        self._queued.clear()
        return []

    def tick(self, now: float) -> list[PoolEvent]:
        if not self._queued:
            return []
        run = self._queued.pop()
        self._wake()
        heard = self._in_a_fork(run) if run.payload["key"] in self.alone else self._here(run)
        return [Started(run.step_id, run.token, os.getpid(), 0.0), *filter(None, map(_event, heard))]

    def _here(self, run: Run) -> list[Up]:
        heard = _Heard()
        failpoints.set_role("worker")
        worker.serve(run, *self._engines(heard), heard)
        failpoints.set_role("daemon")
        return heard.messages

    def _in_a_fork(self, run: Run) -> list[Up]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _end_after(lambda: self._there(run, writing))
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            lines = pipe.readlines()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        heard = [decode_up(line) for line in lines]
        return heard if heard and isinstance(heard[-1], Done | Failed) else [*heard, _last_words(run, code)]

    def _there(self, run: Run, writing: int) -> None:
        failpoints.set_role("worker")
        failpoints.restart(self.alone[run.payload["key"]], "")
        with os.fdopen(writing, "wb") as pipe:
            writer = worker.LineWriter(pipe)
            worker.serve(run, *self._engines(writer), writer)

    def _engines(self, writer: worker.LineWriter) -> tuple[EngineRegistry, Cache]:
        registry, cache = worker._get_ready(self._start, writer)
        return _shelves.setdefault(self.name, registry), cache


class _Heard(worker.LineWriter):
    """A line to a supervisor in the same process."""

    def __init__(self) -> None:
        self.messages: list[Up] = []

    def send(self, message: Up) -> None:
        self.messages.append(message)


def _end_after(work: Callable[[], None]) -> None:
    """End this process after `work`, without anything that belongs to the process it was forked from."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(3)
    os._exit(0)


def _last_words(run: Run, code: int) -> Done | Failed:
    """Return how the pool treats a worker's death: a result on disk counts."""
    result = committed_result(run)
    if result is not None:
        return Done(run.step_id, run.token, result)
    return Failed(run.step_id, run.token, error_for_exit(code).to_dict())


def _event(message: Up) -> PoolEvent | None:
    if isinstance(message, Done):
        return Completed(message.step_id, message.token, message.result, 0.1, 0)
    if isinstance(message, Failed):
        return StepFailed(message.step_id, message.token, DropdubError.from_dict(message.error), None, 0.1, 0)
    if isinstance(message, Progress):
        return Progressed(message.step_id, message.token, message.share)
    return None
