"""The figures of this run: told by the supervisor, looked up for who asks, published where the settings say."""

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
from dropdub.metrics.exporter import Endpoint, TextFile
from dropdub.metrics.speed import KEPT, Speed
from dropdub.metrics.values import Figures, Snapshot
from dropdub.process import tree_memory
from dropdub.store import queries
from dropdub.store.states import Outcome
from dropdub.store.transitions import AttemptEnd, Claim


class Measuring:
    """Keeps the figures; publishes nothing unless the settings ask for it."""

    def __init__(self, context: Context, ended: Callable[[], Mapping[str, int]]) -> None:
        """`ended` tells how many jobs ended in this run, by state."""
        self._context = context
        self._ended = ended
        self._was_slow = False
        self._published: list[TextFile | Endpoint] = []
        self._figures = Figures(self._look, Speed(queries.transcribed(context.store, limit=KEPT)))

    def start(self) -> None:
        settings = self._context.config.metrics
        if settings.file is not None:
            path = self._context.root.path / Path(settings.file).expanduser()
            self._published.append(TextFile(self._figures, path, settings.interval))
        if settings.port is not None:
            self._published.append(Endpoint(self._figures, settings.port))

    def stop(self) -> None:
        self._figures.end()
        for one in self._published:
            one.stop()

    def step_ended(self, claim: Claim, end: AttemptEnd, *, cached: bool = False) -> None:
        """Take note of an attempt that has ended; `cached`: its result was known, and tells nothing of the speed."""
        step = claim.step
        self._figures.step_ended(step.stage, end.outcome, end.error_class, end.seconds)
        if step.stage == "transcribe" and end.outcome == Outcome.SUCCEEDED and end.seconds and not cached:
            self._figures.transcribed(float(step.params["end"]) - float(step.params["start"]), end.seconds)

    def beat(self, now: float) -> None:
        """Take note that the supervisor lives (epoch seconds), and of a speed that has fallen."""
        self._figures.beat(now)
        slowdown = self._figures.slowdown
        if slowdown is not None and not self._was_slow:
            text = slowdown.sentence
            note("work has become slow", level=logging.WARNING, text=text)
        self._was_slow = slowdown is not None

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know."""
        slowdown = self._figures.slowdown
        found = [one.trouble for one in self._published if one.trouble is not None]
        return found if slowdown is None else [slowdown.sentence, *found]

    def _look(self) -> Snapshot:
        """Look up what is asked for; of a database that is busy or away, nothing."""
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
