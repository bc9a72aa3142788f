"""File work that may take long (a copy across file systems, deleting a big folder), beside the loop, in order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Moved:
    """What became of one piece of work: a result, or the exception it raised."""

    job_id: int
    result: object
    error: Exception | None
    is_ending: bool = False
    """Whether it was a job's last move, not its first."""


class Mover:
    """One thread that works off pieces in order. At most one piece a job is under way.

    The thread is a daemon thread: a copy under way never delays the end of the program, and the next start
    finishes it.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._todo: queue.SimpleQueue[tuple[int, Work, bool] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Moved] = queue.SimpleQueue()
        self._under_way: set[int] = set()
        self._thread = threading.Thread(target=self._loop, name="mover", daemon=True)
        self._thread.start()

    def busy_with(self, job_id: int) -> bool:
        return job_id in self._under_way

    @property
    def idle(self) -> bool:
        return not self._under_way

    def submit(self, job_id: int, work: Work, *, is_ending: bool = False) -> None:
        """Do `work` for a job that has none under way."""
        self._under_way.add(job_id)
        self._todo.put((job_id, work, is_ending))

    def collect(self) -> list[Moved]:
        """Return what has ended since the last call."""
        ended = []
        while not self._done.empty():
            moved = self._done.get()
            self._under_way.discard(moved.job_id)
            ended.append(moved)
        return ended

    def stop(self, *, grace_s: float) -> None:
        """Let the piece under way end, for at most `grace_s`; what is queued is left for the next start."""
        while not self._todo.empty():
            self._todo.get()
        self._todo.put(None)
        self._thread.join(grace_s)

    def _loop(self) -> None:
        while (item := self._todo.get()) is not None:
            self._done.put(_moved(*item))
            self._wake()


def _moved(job_id: int, work: Work, is_ending: bool) -> Moved:
    try:
        return Moved(job_id, work(), None, is_ending)
    except Exception as error:  # the loop's boundary: the supervisor turns it into a state
        return Moved(job_id, None, error, is_ending)
