"""Run programs, with a deadline, bounded output, no processes left behind and no secrets passed on.

Deadlines count only time in which this machine was awake, and are moved for a program that computes while the machine
gives it little CPU time. If a run ends early, the program's whole tree is killed.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from dropdub.awake import Countdown
from dropdub.errors import DeadlineExceeded, DropdubError, MediaToolFailed
from dropdub.process.allowance import Allowance
from dropdub.process.started import DRAIN_S, Program, Started, Take
from dropdub.process.trees import tree_cpu_s
from dropdub.units import format_duration

__all__ = ["Ending", "Program", "Stream", "in_foreground", "output", "run"]

COMPLAINTS_KEPT = 50
MOST_CHARACTERS = 50_000_000
"""The maximum output of a program whose output is collected."""
_LINES_WAITING = 1_000
_POLL_S = 0.1


@dataclass(frozen=True)
class Ending:
    """How a program ended: its exit status, and the last lines of its standard error."""

    returncode: int
    complaints: tuple[str, ...]


def run(
    program: Program,
    *,
    deadline_s: float,
    on_line: Take | None = None,
    look: Callable[[int], None] | None = None,
    errors_too: bool = False,
) -> Ending:
    """Run a program to its end; call `on_line` in this thread with each line of its standard output.

    A very long line comes in parts. `look` is called with the pid several times a second. An exception from either
    ends the run. `errors_too`: treat standard error as output.
    Raises DeadlineExceeded; OSError and ValueError if the program cannot be started.
    """
    take = on_line or _ignore
    return _run(program, deadline_s, lambda piece: take(piece.rstrip()), look or _ignore, errors_too=errors_too)


def output(program: Program, *, deadline_s: float, errors_too: bool = False) -> tuple[str, Ending]:
    """Run a program to its end; return its output and how it ended.

    Raises DeadlineExceeded, MediaToolFailed if the output is too long, and OSError if the program cannot be started.
    """
    pieces: list[str] = []
    left = MOST_CHARACTERS

    def keep(piece: str) -> None:
        nonlocal left
        left -= len(piece)
        if left < 0:
            raise MediaToolFailed(f"{program.name} wrote more than {MOST_CHARACTERS} characters and was stopped.")
        pieces.append(piece)

    ending = _run(program, deadline_s, keep, _ignore, errors_too=errors_too)
    return "".join(pieces), ending


def in_foreground(command: Sequence[str], *, output: IO[str] | None = None) -> int:
    """Run a program on this console without a deadline; return its exit status."""
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=output).returncode


class Stream:
    """The output of a running program, as bytes. As a context manager, it kills the program at the end of its block."""

    def __init__(self, program: Program, *, deadline_s: float, look: Callable[[int], None] | None = None) -> None:
        """Start the program, which is killed at the deadline. Raises OSError if it cannot be started.

        `look` is called with the pid several times a second; a DropdubError that it raises ends the program, too.
        """
        self._name = program.name
        self._look = look or _ignore
        self._deadline_s = deadline_s
        self._complaints: deque[str] = deque(maxlen=COMPLAINTS_KEPT)
        self._closed = threading.Event()
        self._fault: DropdubError | None = None
        self._started = Started(program)
        self._started.read(output=None, errors=_stripped(self._complaints))
        self._watch = threading.Thread(target=self._kill_at_fault, name="deadline", daemon=True)
        self._watch.start()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._closed.set()
        self._started.end()
        self._started.drain()
        self._watch.join()
        self._started.output.close()

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes; fewer only at the end of the output."""
        return self._started.output.read(count)

    def finish(self) -> Ending:
        """Read the rest of the output and wait for the program.

        Raises DeadlineExceeded if it was killed for that, and the error of `look` if it was killed for that.
        """
        while self.read(1 << 20):
            pass
        code = self._started.wait()
        self._started.drain()
        if self._fault is not None:
            raise self._fault
        return Ending(code, tuple(self._complaints))

    def _kill_at_fault(self) -> None:
        left = _TimeLeft(self._started.pid, self._deadline_s)
        while not self._closed.wait(_POLL_S):
            try:
                if left.seconds() <= 0:
                    raise _late(self._name, self._deadline_s)
                self._look(self._started.pid)
            except DropdubError as fault:
                self._fault = fault
                self._started.kill()
                return


class _TimeLeft:
    """The time that a running program has left. One that computes on a busy machine gets more: see `Allowance`."""

    def __init__(self, pid: int, deadline_s: float) -> None:
        now = time.monotonic()
        self._pid = pid
        self._countdown = Countdown(deadline_s, now)
        self._allowance = Allowance(deadline_s, now)

    def seconds(self) -> float:
        """Return the seconds left; zero or less if its time is up."""
        now = time.monotonic()
        left_s = self._countdown.left_s(now)
        if left_s > 0:
            return left_s
        more_s = self._allowance.more_s(now, tree_cpu_s(self._pid))
        self._countdown.add(more_s)
        return left_s + more_s


class _Lines:
    """A bounded queue between a program's readers and their consumer, so that a flood waits in the program's pipe."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[str] = queue.Queue(_LINES_WAITING)
        self._closed = threading.Event()

    def put(self, piece: str) -> None:
        """Add a piece; wait while the queue is full. After `close`, the piece is dropped."""
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._waiting.put(piece, timeout=_POLL_S)
                return

    def hand_over(self, take: Take, *, wait_s: float) -> None:
        """Call `take` with the queued pieces, at most a full queue; wait up to `wait_s` for the first."""
        with contextlib.suppress(queue.Empty):
            take(self._waiting.get(timeout=wait_s))
            for _ in range(_LINES_WAITING):
                take(self._waiting.get_nowait())

    def close(self) -> None:
        self._closed.set()


def _run(program: Program, deadline_s: float, take: Take, look: Callable[[int], None], *, errors_too: bool) -> Ending:
    complaints: deque[str] = deque(maxlen=COMPLAINTS_KEPT)
    started, lines = Started(program), _Lines()
    try:
        started.read(output=lines.put, errors=lines.put if errors_too else _stripped(complaints))
        left = _TimeLeft(started.pid, deadline_s)
        while started.returncode is None:
            left_s = left.seconds()
            if left_s <= 0:
                raise _late(program.name, deadline_s)
            look(started.pid)
            lines.hand_over(take, wait_s=min(left_s, _POLL_S))
        started.end()
        _hand_over_rest(started, lines, take)
    finally:
        lines.close()
        started.end()
        started.drain()
    return Ending(started.wait(), tuple(complaints))


def _hand_over_rest(started: Started, lines: _Lines, take: Take) -> None:
    """Hand over the rest of the output; wait at most `DRAIN_S` for processes that keep a pipe open."""
    ends_at = time.monotonic() + DRAIN_S
    while started.reading() and time.monotonic() < ends_at:
        lines.hand_over(take, wait_s=_POLL_S / 10)
    lines.hand_over(take, wait_s=0.0)


def _stripped(lines: deque[str]) -> Take:
    return lambda piece: lines.append(piece.rstrip())


def _late(name: str, deadline_s: float) -> DeadlineExceeded:
    return DeadlineExceeded(f"{name} did not finish within {format_duration(deadline_s)}.")


def _ignore(_said: object) -> None:
    return None
