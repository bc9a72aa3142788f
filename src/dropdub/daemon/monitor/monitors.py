"""The monitors of the settings in force: for each, a thread that reads its file, and one that delivers its lines.

So neither a share that does not answer, nor a player, nor a long text holds up the supervisor, or one another.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from itertools import chain

from dropdub.config.monitor import MonitoredFile, MonitorSettings
from dropdub.daemon.context import Context
from dropdub.daemon.logs import note
from dropdub.daemon.monitor.delivery import Delivery, trouble_of
from dropdub.daemon.monitor.reading import Reading
from dropdub.daemon.steps.retry import pause_s
from dropdub.errors import DropdubError, TransitionRefused, unforeseen
from dropdub.store import queries
from dropdub.store.states import ENDED

LOOK_EVERY_S = 0.5
DELIVER_EVERY_S = 2.0
"""A safeguard: the end of a job wakes the delivery."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 20.0
"""The pause after a failure, which doubles with each."""
STOP_GRACE_S = 1.5


class Monitors:
    """All monitors of a root. `tick` starts and stops them as the settings say. Times are monotonic seconds."""

    def __init__(self, context: Context, wake: Callable[[], None]) -> None:
        """`wake` is called when jobs have been recorded."""
        self._context = context
        self._wake = wake
        self._known: MonitorSettings | None = None
        self._running: dict[str, _Monitor] = {}
        self._ending: list[_Monitor] = []
        self._turn = threading.Lock()

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator."""
        return [text for monitor in self._running.values() for text in monitor.notes]

    @property
    def idle(self) -> bool:
        """Return whether all lines have been delivered, or cannot be at present: the next one's job has not ended."""
        return all(monitor.idle() for monitor in self._running.values())

    def tick(self, now: float) -> None:
        """Start the monitors that the settings name, and end those that they no longer do."""
        settings = self._context.config.monitor
        if settings is self._known and not self._ending:
            return
        for one in self._ending:
            one.join(now)
        self._ending = [one for one in self._ending if one.is_alive()]
        for name, monitor in list(self._running.items()):
            if settings.files.get(name) != monitor.settings:
                monitor.request_stop()
                self._ending.append(self._running.pop(name))
        still = {one.name for one in self._ending}
        for name in settings.files.keys() - self._running.keys() - still:
            self._running[name] = _Monitor(self._context, name, settings.files[name], self._turn, self._wake)
        self._known = settings

    def wake(self) -> None:
        """Look for lines to deliver, because a job has ended."""
        for monitor in self._running.values():
            monitor.wake()

    def stop(self) -> None:
        """Stop all within `STOP_GRACE_S`; a line that is being played is played again after the next start."""
        all_of_them = [*self._running.values(), *self._ending]
        for monitor in all_of_them:
            monitor.request_stop()
        ends_at = time.monotonic() + STOP_GRACE_S
        for monitor in all_of_them:
            monitor.join(ends_at)


class _Loop:
    """A thread that works until nothing is left, then looks again now and then. After a failure, it pauses."""

    def __init__(self, name: str, work: Callable[[], bool], stopping: threading.Event, *, every_s: float) -> None:
        self._name = name
        self._work = work
        self._every_s = every_s
        self._stopping = stopping
        self._awake = threading.Event()
        self._failures = 0
        self.trouble: str | None = None
        self.thread = threading.Thread(target=self._run, name=f"monitor {name}", daemon=True)
        self.thread.start()

    def wake(self) -> None:
        self._awake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wait(self._turn())

    def _wait(self, seconds: float) -> None:
        """Wait for some seconds; after a failure until they have passed, else at most until somebody wakes it."""
        if self._failures:
            self._stopping.wait(seconds)
        elif self._awake.wait(seconds):
            self._awake.clear()

    def _turn(self) -> float:
        """Do what is to be done; return the pause until the next turn in seconds."""
        try:
            while self._work() and not self._stopping.is_set():
                pass
        except TransitionRefused as error:  # the next turn reads the row again
            note("row changed meanwhile", level=logging.WARNING, text=error.message)
        except Exception as error:  # thread boundary: whatever happens, the next turn tries again
            return self._failed(error)
        self._failures, self.trouble = 0, None
        return self._every_s

    def _failed(self, error: Exception) -> float:
        if not isinstance(error, DropdubError):
            note("monitor failed unexpectedly", level=logging.ERROR, trace=error, monitor=self._name)
            error = unforeseen(error)
        if not self._stopping.is_set():
            self._failures += 1
            trouble = trouble_of(error, self._name)
            if trouble != self.trouble:
                note("monitor is held up", level=logging.WARNING, monitor=self._name, text=error.message)
            self.trouble = trouble
        return pause_s(self._failures, first=FIRST_PAUSE_S, longest=LONGEST_PAUSE_S)


class _Monitor:
    """One monitor at work."""

    def __init__(
        self,
        context: Context,
        name: str,
        settings: MonitoredFile,
        turn: threading.Lock,
        wake: Callable[[], None],
    ) -> None:
        self.name = name
        self.settings = settings
        self._store = context.store
        self._stopping = threading.Event()
        self._reading = Reading(context, name, settings, wake)
        self._delivery = Delivery(context, name, settings, turn=turn, stopping=self._stopping)
        self._reader = _Loop(name, self._look, self._stopping, every_s=LOOK_EVERY_S)
        self._deliverer = _Loop(name, self._delivery.deliver_next, self._stopping, every_s=DELIVER_EVERY_S)

    @property
    def notes(self) -> list[str]:
        troubles = (self._reader.trouble, self._deliverer.trouble)
        return [text for text in chain(troubles, self._delivery.notes) if text is not None]

    def idle(self) -> bool:
        if self._reader.trouble is not None or self._deliverer.trouble is not None:
            return True
        found = queries.next_line(self._store, self.name)
        return self._reading.is_at_rest and (found is None or found[1].state not in ENDED)

    def _look(self) -> bool:
        return self._reading.look(time.monotonic())

    def is_alive(self) -> bool:
        return self._reader.thread.is_alive() or self._deliverer.thread.is_alive()

    def wake(self) -> None:
        self._deliverer.wake()

    def request_stop(self) -> None:
        self._stopping.set()
        self._reader.wake()
        self._deliverer.wake()

    def join(self, ends_at: float) -> None:
        """Wait for the threads until a time, and let go of the file; a thread that waits for a share is left."""
        for loop in (self._reader, self._deliverer):
            loop.thread.join(max(0.0, ends_at - time.monotonic()))
        if not self._reader.thread.is_alive():
            self._reading.close()
