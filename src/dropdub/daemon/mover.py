"""File work that may take long (a copy across file systems, deleting a big folder), in a thread beside the loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import count

Work = Callable[[], object]


@dataclass(frozen=True)
class Moved:
    """What became of one piece of work: a result, or the exception it raised."""

    job_id: int
    result: object
    error: Exception | None
    is_ending: bool = False
    """Whether it was a job's last move, not its first."""


@dataclass(frozen=True, order=True)
class _Piece:
    """One piece of work and its place in the queue: last moves come first, then owners take turns.

    So a job that is done does not wait until thousands of others have been taken in, and nobody until all is copied
    that somebody else has dropped.
    """

    is_first_move: bool
    turn: int
    number: int
    job_id: int
    work: Work = field(compare=False)


class Mover:
    """One thread that does the pieces one by one. At most one piece a job is under way.

    The thread is a daemon thread: a copy under way never delays the end of the program, and the next start
    finishes it.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._todo: queue.PriorityQueue[_Piece] = queue.PriorityQueue()
        self._numbers = count(1)
        self._turn = 0
        self._last_turns: dict[Hashable, int] = {}
        self._stopping = False
        self._done: queue.SimpleQueue[Moved] = queue.SimpleQueue()
        self._under_way: set[int] = set()
        self._thread = threading.Thread(target=self._loop, name="mover", daemon=True)
        self._thread.start()

    def busy_with(self, job_id: int) -> bool:
        return job_id in self._under_way

    @property
    def idle(self) -> bool:
        return not self._under_way

    @property
    def backlog(self) -> int:
        """Return how many pieces are under way: waiting, being done, or done and not collected."""
        return len(self._under_way)

    def submit(self, job_id: int, work: Work, *, of: Hashable = None, is_ending: bool = False) -> None:
        """Do `work` for a job that has none under way; `of`: whose it is."""
        if not self._under_way:
            self._last_turns.clear()
        self._under_way.add(job_id)
        turn = max(self._turn, self._last_turns.get(of, -1) + 1)
        self._last_turns[of] = turn
        self._todo.put(_Piece(not is_ending, turn, next(self._numbers), job_id, work))

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
        self._stopping = True
        self._todo.put(_Piece(False, 0, 0, 0, lambda: None))  # wakes a thread that waits
        self._thread.join(grace_s)

    def _loop(self) -> None:
        while True:
            piece = self._todo.get()
            if self._stopping:
                return
            self._turn = max(self._turn, piece.turn)
            self._done.put(_moved(piece))
            self._wake()


def _moved(piece: _Piece) -> Moved:
    is_ending = not piece.is_first_move
    try:
        return Moved(piece.job_id, piece.work(), None, is_ending)
    except Exception as error:  # the loop's boundary: the supervisor turns it into a state
        return Moved(piece.job_id, None, error, is_ending)
