"""Load an engine: only if there is enough memory, and never into a process that uses another runtime library."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import psutil

from dropdub.engines.abilities import NeedsModel
from dropdub.engines.answers import blaming, described
from dropdub.engines.base import Engine
from dropdub.errors import FreshWorkerNeeded, Waiting
from dropdub.units import format_size

log = logging.getLogger("dropdub.engines")


def load_engine(name: str, engine: Engine) -> None:
    """Load an engine and log the time and memory it took, from which the limits of the pools are set."""
    with blaming(name, type(engine)):
        _refuse_without_memory(name, engine)
    process = psutil.Process()
    before, started = process.memory_info().rss, time.monotonic()
    with blaming(name, type(engine)):
        engine.load()
    info = described(engine)
    seconds, megabytes = time.monotonic() - started, (process.memory_info().rss - before) / 1e6
    device = info.details.get("device", "cpu")
    log.info("engine loaded: name=%s device=%s seconds=%.2f memory_mb=%.0f", name, device, seconds, megabytes)


def refuse_mixture(name: str, engine: Engine, loaded: Iterable[Engine]) -> None:
    """Raise FreshWorkerNeeded if another runtime library is loaded: on Windows, the two crash in one process."""
    runtime = _runtime(engine)
    others = {_runtime(one) for one in loaded} - {None, runtime}
    if runtime is not None and others:
        raise FreshWorkerNeeded(
            f"The engine '{name}' needs a worker that has not loaded {', '.join(map(str, others))}."
        )


def _runtime(engine: Engine) -> str | None:
    return getattr(engine, "runtime", None)


def _refuse_without_memory(name: str, engine: Engine) -> None:
    """Raise Waiting if an engine does not fit into free memory: better now than in the middle of the work."""
    if not isinstance(engine, NeedsModel):
        return
    needed, free = engine.needs_bytes(), psutil.virtual_memory().available
    if needed > free:
        raise Waiting(
            f"The engine '{name}' needs {format_size(needed)} of memory; only {format_size(free)} is free.",
            condition="memory",
            remedy="Close other programs, or choose a smaller model in config.yaml (models.use).",
        )
