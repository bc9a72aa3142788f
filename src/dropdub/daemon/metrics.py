"""Collect the metrics of this run and publish them as configured."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from dropdub.daemon.context import Context
from dropdub.daemon.logs import note
from dropdub.errors import StoreError
from dropdub.files.durable import free_bytes
from dropdub.metrics.counters import Metrics, Snapshot
from dropdub.metrics.exporter import Endpoint, TextFile
from dropdub.metrics.speed import KEPT, Speed
from dropdub.process import tree_memory
from dropdub.stage_table import BY_CHUNK
from dropdub.store import queries
from dropdub.store.states import Outcome
from dropdub.store.transitions import AttemptEnd, Claim


class RunMetrics:
    """Keeps the metrics; publishes nothing unless configured to."""

    def __init__(self, context: Context, ended: Callable[[], Mapping[str, int]]) -> None:
        """`ended` returns how many jobs ended in this run, by state."""
        self._context = context
        self._ended = ended
        self._was_slow = False
        self._published: list[TextFile | Endpoint] = []
        self._metrics = Metrics(self._snapshot, Speed(queries.transcribed(context.store, limit=KEPT)))

    def start(self) -> None:
        settings = self._context.config.metrics
        if settings.file is not None:
            path = self._context.root.path / Path(settings.file).expanduser()
            self._published.append(TextFile(self._metrics, path, settings.interval))
        if settings.port is not None:
            self._published.append(Endpoint(self._metrics, settings.port))

    def stop(self) -> None:
        self._metrics.end()
        for publisher in self._published:
            publisher.stop()

    def step_ended(self, claim: Claim, end: AttemptEnd, *, cached: bool = False) -> None:
        """Record an ended attempt; `cached`: its result came from the cache, so it does not count towards the speed."""
        step = claim.step
        self._metrics.step_ended(step.stage, end.outcome, end.error_class, end.seconds)
        if step.stage in BY_CHUNK and end.outcome == Outcome.SUCCEEDED and end.seconds and not cached:
            self._metrics.transcribed(float(step.params["end"]) - float(step.params["start"]), end.seconds)

    def beat(self, now: float) -> None:
        """Record a supervisor heartbeat at `now` (epoch seconds); log a warning when transcription becomes slow."""
        self._metrics.beat(now)
        slowdown = self._metrics.slowdown
        if slowdown is not None and not self._was_slow:
            text = slowdown.sentence
            note("transcription has become slow", level=logging.WARNING, text=text)
        self._was_slow = slowdown is not None

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator."""
        slowdown = self._metrics.slowdown
        found = [publisher.trouble for publisher in self._published if publisher.trouble is not None]
        return found if slowdown is None else [slowdown.sentence, *found]

    def _snapshot(self) -> Snapshot:
        """Return the current values; those from the database are empty while it is busy or unavailable."""
        memory = tree_memory(os.getpid())
        own = int(psutil.Process().memory_info().rss)
        try:
            depths = queries.depths(self._context.store)
        except StoreError:
            depths = queries.Depths()
        return Snapshot(
            jobs=depths.jobs,
            steps=depths.steps,
            notices=depths.notices,
            ended=dict(self._ended()),
            oldest_s=max(0.0, time.time() - depths.oldest) if depths.oldest is not None else 0.0,
            memory={"daemon": own, "workers": max(0, memory - own)},
            free=self._free(),
        )

    def _free(self) -> dict[str, int]:
        found = {name: free_bytes(getattr(self._context.root, name)) for name in ("work", "outbox")}
        return {name: free for name, free in found.items() if free is not None}
