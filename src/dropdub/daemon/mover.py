"""Run slow file operations (a copy across file systems, deleting a big folder) on a background thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import count

Work = Callable[[], object]


@dataclass(frozen=True)
class Moved:
    """The outcome of one task: its result, or the exception it raised."""

    job_id: int
    result: object
    error: Exception | None
    is_ending: bool = False
    """Whether this was a job's last move rather than its first."""


@dataclass(frozen=True, order=True)
class _Task:
    """One task and its place in the queue: last moves come first, then owners take turns.

    A finished job therefore does not wait for the intake of thousands of others, and no owner waits until all files
    of another owner have been copied.
    """

    is_first_move: bool
    turn: int
    number: int
    job_id: int
    work: Work = field(compare=False)


class Mover:
    """Runs tasks one at a time on a background thread; at most one task per job is pending.

    The thread is a daemon thread: a copy in progress never delays the end of the program, and the next start
    finishes it.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._todo: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = count(1)
        self._turn = 0
        self._last_turns: dict[Hashable, int] = {}
        self._stopping = False
        self._done: queue.SimpleQueue[Moved] = queue.SimpleQueue()
        self._pending: set[int] = set()
        self._thread = threading.Thread(target=self._loop, name="mover", daemon=True)
        self._thread.start()

    def busy_with(self, job_id: int) -> bool:
        return job_id in self._pending

    @property
    def idle(self) -> bool:
        return not self._pending

    @property
    def backlog(self) -> int:
        """Return how many tasks are queued, running, or done but not collected."""
        return len(self._pending)

    def submit(self, job_id: int, work: Work, *, of: Hashable = None, is_ending: bool = False) -> None:
        """Queue `work` for a job that has no pending task; `of`: the owner for turn-taking."""
        if not self._pending:
            self._last_turns.clear()
        self._pending.add(job_id)
        turn = max(self._turn, self._last_turns.get(of, -1) + 1)
        self._last_turns[of] = turn
        self._todo.put(_Task(not is_ending, turn, next(self._numbers), job_id, work))

    def collect(self) -> list[Moved]:
        """Return the outcomes since the last call."""
        ended = []
        while not self._done.empty():
            moved = self._done.get()
            self._pending.discard(moved.job_id)
            ended.append(moved)
        return ended

    def stop(self, *, grace_s: float) -> None:
        """Wait up to `grace_s` for the running task; queued tasks are left for the next start."""
        self._stopping = True
        self._todo.put(_Task(False, 0, 0, 0, lambda: None))  # wakes the waiting thread
        self._thread.join(grace_s)

    def _loop(self) -> None:
        while True:
            task = self._todo.get()
            if self._stopping:
                return
            self._turn = max(self._turn, task.turn)
            self._done.put(_outcome(task))
            self._wake()


def _outcome(task: _Task) -> Moved:
    is_ending = not task.is_first_move
    try:
        return Moved(task.job_id, task.work(), None, is_ending)
    except Exception as error:  # thread boundary: the supervisor handles the error
        return Moved(task.job_id, None, error, is_ending)
