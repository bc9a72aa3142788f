"""What becomes of a job when nobody waits for it any more: it is cancelled, perhaps only after a while."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from dropdub.errors import DropdubError
from dropdub.store import transitions

if TYPE_CHECKING:
    from dropdub.web.site import Site

LINGER_S = 120.0
"""A client whose connection broke repeats its request within this time, and joins the same work."""
ARRIVES_S = 1.0
"""A request that has just joined a job counts as waiting for it, although its handler does not wait yet."""


class Leaving:
    """Counts who waits for each job. Belongs to the event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._present: Counter[int] = Counter()
        self._joined: dict[int, float] = {}
        """When requests joined jobs for which they do not wait yet (monotonic seconds)."""
        self._turn = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()
        """What follows when somebody has left."""

    @contextlib.asynccontextmanager
    async def joining(self) -> AsyncIterator[Callable[[Collection[int]], None]]:
        """Join jobs in this block: meanwhile none is cancelled. Yields what must be called with their ids."""
        async with self._turn:
            yield self._join

    def _join(self, jobs: Collection[int]) -> None:
        now = time.monotonic()
        self._joined = {job: at for job, at in self._joined.items() if now - at < ARRIVES_S} | dict.fromkeys(jobs, now)

    @contextlib.contextmanager
    def present(self, job_id: int, *, linger_s: float, spares_begun: bool = False) -> Iterator[None]:
        """Wait for a job within this block. Once the last one has left, it is cancelled `linger_s` later.

        `spares_begun`: not if it has begun. It is short, and its result answers a repetition of the request.
        """
        self._present[job_id] += 1
        self._joined.pop(job_id, None)
        try:
            yield
        finally:
            self._present[job_id] -= 1
            if not self._present[job_id]:
                del self._present[job_id]
                self._later(self._cancel_left(job_id, linger_s, spares_begun))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _cancel_left(self, job_id: int, linger_s: float, spares_begun: bool) -> None:
        await asyncio.sleep(linger_s)
        async with self._turn:
            if job_id in self._present:
                return
            if time.monotonic() - self._joined.get(job_id, 0.0) < ARRIVES_S:
                self._later(self._cancel_left(job_id, ARRIVES_S, spares_begun))
                return
            with contextlib.suppress(DropdubError):  # it has ended or begun
                await self._site.run(self._cancel, job_id, spares_begun)
                self._site.nudge()

    def _cancel(self, job_id: int, spares_begun: bool) -> None:
        transitions.request_cancel(self._site.store, job_id, now=time.time(), unless_begun=spares_begun)
