"""Wait for jobs without blocking: each change of a job wakes those who wait for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator

from dropdub.store.changes import Changes
from dropdub.store.views.answers import AnswerView

LOOK_AGAIN_S = 2.0
"""A job is looked at again after this time even if nobody has reported a change of it."""
POLL_S, POLL_ATTACHED_S, POLL_LISTENING_S, POLL_IDLE_S = 0.01, 0.25, 0.1, 0.5
"""How often the database is asked whether anything was committed: while somebody waits, the same if the supervisor
reports changes anyway, while a page is open, and while nobody waits. Asking takes some microseconds.
"""


class JobWatch:
    """The clients that wait for jobs. Belongs to the event loop."""

    def __init__(
        self, look: Callable[[int], Awaitable[AnswerView | None]], changes: Changes, *, is_attached: bool
    ) -> None:
        """`look` returns a job as it is now. `is_attached`: a supervisor reports changes by `changed`."""
        self._look = look
        self._changes = changes
        self._poll_s = POLL_ATTACHED_S if is_attached else POLL_S
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._listening: set[asyncio.Event] = set()

    def changed(self, jobs: Collection[int] | None = None) -> None:
        """Wake those who wait for these jobs; for None, all."""
        for event in self._listening:
            event.set()
        for job in list(self._waiting) if jobs is None else jobs:
            for event in self._waiting.get(job, ()):
                event.set()

    def waiters(self, job_id: int) -> int:
        """Return how many clients wait for a job."""
        return len(self._waiting.get(job_id, ()))

    @contextlib.contextmanager
    def anything(self) -> Iterator[asyncio.Event]:
        """Yield an event that each change sets, whatever has changed."""
        event = asyncio.Event()
        self._listening.add(event)
        try:
            yield event
        finally:
            self._listening.discard(event)

    async def views(self, job_id: int) -> AsyncIterator[AnswerView]:
        """Yield a job as it is, and again after each change, until it has ended or is gone."""
        with self._registered(job_id) as event:
            while (view := await self._look(job_id)) is not None:
                yield view
                if view.has_ended:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):  # `wait_for` may lose a cancellation before Python 3.12
                        await event.wait()
                event.clear()

    async def poll(self) -> None:
        """Look for commits of other processes, until cancelled."""
        try:
            while True:
                if self._changes.happened():
                    self.changed()
                await asyncio.sleep(self._pause_s)
        finally:
            self._changes.close()

    @property
    def _pause_s(self) -> float:
        if self._waiting:
            return self._poll_s
        return POLL_LISTENING_S if self._listening else POLL_IDLE_S

    @contextlib.contextmanager
    def _registered(self, job_id: int) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._waiting[job_id].add(event)
        try:
            yield event
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]
