"""Forget requests whose answers have been kept long enough: the rows of their jobs, their logs and answers."""

from __future__ import annotations

import time

from dropdub.daemon.context import Context
from dropdub.daemon.isolation import contained
from dropdub.daemon.logs import note
from dropdub.store import queries
from dropdub.store.forgetting import forget_jobs

EVERY_S = 600.0
AGAIN_S = 1.0
AT_ONCE = 100
"""Requests that are forgotten in one turn: a monitored file may have had thousands, and everything else waits."""


class Answers:
    """Removes old answers now and then. Times are monotonic seconds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._next = 0.0

    def tick(self, now: float) -> None:
        """Forget the requests that ended longer ago than answers are kept, some in each turn."""
        if now < self._next:
            return
        self._next = now + EVERY_S
        with contained("forgetting requests"):
            forgotten = forget_requests(self._context, ended_before=time.time() - self._context.config.web.keep)
            if forgotten == AT_ONCE:
                self._next = now + AGAIN_S


def forget_requests(context: Context, *, ended_before: float) -> int:
    """Forget some of the requests that ended before a time (epoch seconds); return how many.

    A line of a file that is monitored is kept until it has been delivered.
    """
    monitors = context.config.monitor.files
    old = queries.old_requests(context.store, ended_before=ended_before, monitors=monitors, most=AT_ONCE)
    forgotten = forget_jobs(context.store, context.root, old)
    if forgotten:
        note("requests forgotten", jobs=len(forgotten))
    return len(forgotten)
