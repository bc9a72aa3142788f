"""Whether a request can be served now: asked before its body is read."""

from __future__ import annotations

import math
import time

from dropdub.files.durable import too_little_free
from dropdub.pasting import marked
from dropdub.store.states import JobState
from dropdub.units import format_size
from dropdub.web.answering.errors import ApiError
from dropdub.web.site import Site

MOST_WAITING = 32
"""Short requests that may wait for a worker at once."""
USUAL_S_PER_CHARACTER = 0.02
"""Seconds in which a character is spoken, before any request was served: an ordinary PC with a light engine."""
LOOK_EVERY_S = 1.0


class Admission:
    """Refuses what would wait too long, or could not be done. Belongs to the event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._daemon_seen_at = -math.inf

    async def short(self) -> None:
        """Raise ApiError 503 or 429 if a short request cannot be served soon."""
        await self.daemon_runs()
        load = await self._site.run(self._site.reader.load)
        wait_s = load.characters * (USUAL_S_PER_CHARACTER if load.pace_s is None else load.pace_s)
        if load.waiting >= MOST_WAITING or wait_s > self._site.config.web.longest_wait:
            raise _busy(f"{load.waiting} requests are waiting already.", max(wait_s, 1.0))

    async def batch(self) -> None:
        """Raise ApiError 503 or 429 if no more jobs can be recorded that nobody waits for."""
        await self.daemon_runs()
        await self.room(0)

    async def long(self, size: int) -> None:
        """Raise ApiError 503, 413, 507 or 429 if a file of `size` bytes cannot be taken; 0 if it is not known yet."""
        await self.daemon_runs()
        await self.room(size)

    async def room(self, size: int) -> None:
        """Raise ApiError 413, 507 or 429 if a file of `size` bytes cannot be kept until a daemon takes it."""
        await self._site.run(self.fits, size)
        counts = (await self._site.run(self._site.reader.status, now=time.time(), limit=0)).counts
        waiting = sum(counts[state] for state in (JobState.QUEUED, JobState.CLAIMING))
        if waiting >= self._site.config.web.max_waiting:
            raise _busy(f"{waiting} jobs are waiting already.", 60.0)

    def fits(self, size: int) -> None:
        """Raise ApiError 413 if a file is larger than allowed, 507 if there is no room for it."""
        limits = self._site.config.limits
        if size > limits.max_size:
            most = format_size(limits.max_size)
            raise ApiError(
                413,
                f"The file has {format_size(size)}; the limit is {most}.",
                "TooLarge",
                remedy="Make it smaller, or raise limits.max_size in config.yaml.",
                headers={"x-should-retry": "false"},
            )
        free = too_little_free(self._site.place.root.work, limits.min_free_disk + size)
        if free is not None:
            raise ApiError(
                507,
                f"Only {format_size(free)} is free on the disk.",
                "DiskFull",
                remedy="Free some disk space, or lower limits.min_free_disk.",
                headers={"retry-after": "60"},
            )

    async def daemon_runs(self) -> None:
        """Raise ApiError 503 if no daemon works on the jobs."""
        if self._site.is_attached or time.monotonic() - self._daemon_seen_at < LOOK_EVERY_S:
            return
        daemon = (await self._site.run(self._site.reader.status, now=time.time(), limit=0)).daemon
        if daemon is None or daemon.state != "running":
            raise ApiError(
                503,
                "The daemon is not running, so nothing can be done now.",
                "NotRunning",
                remedy=f"Start it with: {marked('watch')}",
                headers={"retry-after": "10"},
            )
        self._daemon_seen_at = time.monotonic()


def _busy(message: str, wait_s: float) -> ApiError:
    headers = {"retry-after": str(math.ceil(wait_s)), "retry-after-ms": str(round(wait_s * 1000))}
    return ApiError(429, message, "Busy", remedy="Try again later.", headers=headers)
