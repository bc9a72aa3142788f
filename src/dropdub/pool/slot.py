"""One worker process, with the threads that write its input and read its output."""

from __future__ import annotations

import contextlib
import logging
import queue
import subprocess
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import IO

from dropdub.config import PoolSettings
from dropdub.files.removal import remove
from dropdub.pool.liveness import Liveness
from dropdub.pool.messages import (
    LINE_MAX_BYTES,
    Heartbeat,
    Occupied,
    Progress,
    ProtocolError,
    Run,
    Start,
    Up,
    Withdraw,
    decode_up,
    encode,
)
from dropdub.pool.sender import Sender
from dropdub.pool.workload import Assigned, Workload
from dropdub.process import (
    SPARING_MALLOC,
    Identity,
    child_environment,
    console_python,
    identity_of,
    kill_group,
    remove_temporary,
    spawn,
    temporary_environment,
    tree_cpu_s,
    tree_memory,
)

STDERR_LINE_MAX_BYTES = 4_000
JOIN_WITHIN_S = 2.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_HEARTBEAT = encode(Heartbeat())
_worker_log = logging.getLogger("dropdub.worker")


class Phase(Enum):
    """The life-cycle phase of a worker."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass(frozen=True)
class Launch:
    """How workers are started, and how long they may be silent. An empty `command` means the real worker."""

    run_dir: Path
    start: Start
    stall_s: float = 60.0
    start_s: float = 300.0
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Sequence[str] = ()
    """Names of environment variables passed on in addition to the usual ones."""


class Slot:
    """A live worker process. `incoming` queues its messages; `None` marks the end of its output."""

    def __init__(
        self, pool: str, settings: PoolSettings, launch: Launch, *, now: float, wake: Callable[[], None]
    ) -> None:
        self._wake = wake
        self.name = f"{pool}-{uuid.uuid4().hex[:12]}"
        self.incoming: queue.SimpleQueue[Up | ProtocolError | None] = queue.SimpleQueue()
        self.phase = Phase.STARTING
        self.started_at = now
        self.life = Liveness(now)
        self.life.begin(launch.start_s, now)
        self.idle_since = now
        self.steps = 0
        self.work = Workload()
        self.occupied = Occupied()
        """With which engine of another package it is occupied."""
        self.memory = 0
        self.must_be_measured = True
        """Whether its memory may have changed since it was measured."""
        self.reported: Identity | None = None
        self._lock_path = launch.run_dir / f"{self.name}.lock"
        self._temporary = launch.run_dir / f"{self.name}.tmp"
        self._temporary.mkdir(mode=0o700)
        self._child = spawn(
            list(launch.command) or [console_python(), "-P", "-m", "dropdub.worker", pool],
            lock_path=self._lock_path,
            environment=_environment(settings, launch) | temporary_environment(self._temporary),
            memory_bytes=int(settings.memory),
        )
        self._process = self._child.process
        self._identity = identity_of(self._process.pid)
        assert self._process.stdin is not None
        self._sender = Sender(self._process.stdin, name=self.name)
        self._threads = [
            self._sender.thread,
            self._reader(self._listen, self._process.stdout),
            self._reader(self._drain, self._process.stderr),
        ]
        self._sender.send(launch.start)

    @property
    def pid(self) -> int:
        """Return the worker's own pid if it has reported it; a virtual environment's launcher has another one."""
        return self.reported.pid if self.reported else self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def takes_aside(self) -> bool:
        """Whether it runs a step that admits asides, and can be given one more."""
        return self.phase is Phase.BUSY and self.work.takes_aside

    def assign(self, run: Run, now: float) -> None:
        """Give the idle worker a step; its deadline counts from now."""
        self.phase = Phase.BUSY
        self.work.main = Assigned(run, now, self.memory, has_begun=True)
        self.life.begin(run.deadline_s, now)
        self._sender.send(run)

    def assign_aside(self, run: Run, now: float) -> None:
        """Give the busy worker an aside; its deadline counts from its beginning."""
        self.work.asides.append(Assigned(run, now, self.memory, has_begun=False))
        self._sender.send(replace(run, aside=True))

    def withdraw_aside(self, one: Assigned) -> None:
        """Take an aside back if it has not begun; if it has, its outcome is of no interest."""
        one.is_wanted = False
        if not one.has_begun:
            self._sender.send(Withdraw(one.run.step_id, one.run.token))

    def begin(self, one: Assigned, now: float) -> None:
        """Record that the worker has begun an aside, or what was an aside when its main step ended."""
        one.has_begun, one.since, one.peak = True, now, self.memory
        if one is self.work.main:
            self.life.begin(one.run.deadline_s, now)
        else:
            self.life.interrupt(one.run.deadline_s, now)

    def record_progress(self, one: Assigned, share: float, now: float) -> None:
        """Record the completed share; progress extends the deadline, because a slow machine is not a hang."""
        if one.record(share) and one is self.work.current:
            self.life.record_progress(now)

    def finish(self, one: Assigned, now: float) -> None:
        """Record that a step has ended. After the main step, the worker runs its aside, if it has one, as the next."""
        self.steps += 1
        if one is not self.work.main:
            self._finish_aside(one, now)
            return
        self.work.main = self.work.asides.pop(0) if self.work.asides else None
        if self.work.main is None:
            self.become_idle(now)
        else:
            self.life.begin(self.work.main.run.deadline_s, now)

    def _finish_aside(self, one: Assigned, now: float) -> None:
        self.work.asides.remove(one)
        if one.has_begun:
            taken_s = self.life.resume(now)
            for other in self.work.all():
                other.since += taken_s

    def become_idle(self, now: float) -> None:
        """Record that the worker waits for a step."""
        self.phase, self.idle_since = Phase.IDLE, now
        self.life.end()

    def measure(self, now: float) -> None:
        """Measure the memory and the CPU time of the worker's process tree; a dead worker keeps its last memory."""
        self.memory = tree_memory(self.pid) or self.memory
        for one in self.work.all():
            one.peak = max(one.peak, self.memory)
        self.must_be_measured = self.phase is not Phase.IDLE
        self.life.record_cpu(tree_cpu_s(self.pid), now)

    def is_late(self, now: float) -> bool:
        """Return whether its deadline has passed, and it is not merely short of CPU time."""
        if self.life.deadline is None or now < self.life.deadline:
            return False
        self.measure(now)
        return not self.life.extend_if_computing(now)

    def is_silent(self, now: float, longest_s: float) -> bool:
        """Return whether it has shown no sign of life for longer than `longest_s`."""
        if now - self.life.last_sign_at <= longest_s:
            return False
        self.measure(now)
        return now - self.life.last_sign_at > longest_s

    def forgive(self, slept_s: float) -> None:
        """Move all its times by a time in which the machine was asleep."""
        self.started_at += slept_s
        self.idle_since += slept_s
        self.life.forgive(slept_s)

    def request_stop(self) -> None:
        """Ask the worker to exit by closing its standard input."""
        self._sender.close()

    def kill(self) -> None:
        """Kill the worker and all its child processes immediately."""
        if self.reported is not None and self.reported.pid != self._process.pid:
            kill_group(self.reported)
        if self._identity is not None:
            kill_group(self._identity)
        with contextlib.suppress(OSError):
            self._process.kill()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the worker to exit; return whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self._process.poll() is not None

    def close(self) -> None:
        """Kill the worker if it is still alive, and release its process, threads, pipes, files and lock.

        A process that inherited a pipe and escaped keeps it open; the reader that waits for its end is left alone.
        """
        self.request_stop()
        self.kill()
        self.wait(JOIN_WITHIN_S)
        for thread in self._threads:
            thread.join(JOIN_WITHIN_S)
        self._child.release()
        remove_temporary(self._temporary)
        remove(self._lock_path)

    def _reader(self, target: Callable[[IO[bytes]], None], pipe: IO[bytes] | None) -> threading.Thread:
        assert pipe is not None

        def read() -> None:
            with pipe:  # closed here: closing it elsewhere would wait for a read that may never end
                target(pipe)

        thread = threading.Thread(target=read, name=f"{self.name} reader", daemon=True)
        thread.start()
        return thread

    def _listen(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LINE_MAX_BYTES):
            if line == _HEARTBEAT:
                self.incoming.put(Heartbeat())
                continue
            try:
                message: Up | ProtocolError = decode_up(line)
            except ProtocolError as error:
                message = error
            self.incoming.put(message)
            if not _can_wait(message):
                self._wake()
        self.incoming.put(None)
        self._wake()

    def _drain(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(STDERR_LINE_MAX_BYTES):
            text = line.decode("utf-8", "replace").rstrip()
            _worker_log.debug("worker output", extra={"fields": {"worker": self.name, "text": text}})


def _can_wait(message: Up | ProtocolError) -> bool:
    """Return whether a message may be read at the next regular turn, as heartbeats are: progress, but no beginning."""
    return isinstance(message, Progress) and message.share > 0


def _environment(settings: PoolSettings, launch: Launch) -> dict[str, str]:
    threads = {variable: str(settings.threads) for variable in THREAD_VARIABLES}
    return {**child_environment(launch.variables), **threads, **SPARING_MALLOC, "PYTHONUTF8": "1", **launch.environment}
