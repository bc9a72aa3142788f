"""The steps that a worker has received, and when it may run one of them between two pieces of another."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from dropdub.pool.messages import Run, Withdraw

SHORTER = 4
"""How many times as long a text must be as one that is spoken between two of its sentences: somebody waits for both."""


class Received:
    """Steps that wait in a worker: a thread adds them, and the main thread takes them."""

    def __init__(self) -> None:
        self._asides: deque[Run] = deque()
        self._steps: deque[Run] = deque()
        self._changed = threading.Condition()

    def add(self, run: Run) -> None:
        with self._changed:
            (self._asides if run.aside else self._steps).append(run)
            self._changed.notify()

    def withdraw(self, message: Withdraw) -> bool:
        """Remove an aside; return whether it was still waiting."""
        with self._changed:
            for run in self._asides:
                if (run.step_id, run.token) == (message.step_id, message.token):
                    self._asides.remove(run)
                    return True
        return False

    def next(self) -> Run:
        """Return the next step; wait for one if there is none.

        An aside that came before the worker had begun its step is run between two pieces of it, as all are.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._asides or self._steps)
            return (self._steps or self._asides).popleft()

    def next_aside(self, within: Run) -> Run | None:
        """Return the next aside; None if there is none, or it is not short beside the text that it would interrupt."""
        with self._changed:
            is_due = bool(self._asides) and _may_interrupt(self._asides[0], within)
            return self._asides.popleft() if is_due else None


class Asides:
    """Runs the asides that wait, between two pieces of a step, for at most half of the time since the step began."""

    def __init__(
        self,
        received: Received,
        within: Run,
        run: Callable[[Run], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`within` is the step; `run` runs one aside, and raises nothing."""
        self._received = received
        self._within = within
        self._run = run
        self._clock = clock
        self._began = clock()
        self.taken_s = 0.0
        """How long asides have taken."""

    def run_waiting(self) -> None:
        """Run asides until none waits, or they have had as much time as the step."""
        while self._are_due() and (run := self._received.next_aside(self._within)) is not None:
            began = self._clock()
            self._run(run)
            self.taken_s += self._clock() - began

    def _are_due(self) -> bool:
        return 2 * self.taken_s <= self._clock() - self._began


def _may_interrupt(aside: Run, step: Run) -> bool:
    text = _text(step)
    return text is None or SHORTER * len(_text(aside) or "") <= len(text)


def _text(step: Run) -> str | None:
    """Return what a request wants to have said; None for a part of a job."""
    text = (step.payload.get("params") or {}).get("text")
    return str(text) if text is not None else None
