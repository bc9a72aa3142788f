"""Find evidence that a process was killed for lack of memory, from readings shortly before and after."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dropdub.units import format_size

LEAST_FREE = 0.05
NEAR_LIMIT = 0.9
_COUNTERS = Path("/proc/vmstat")


@dataclass(frozen=True)
class MemoryReading:
    """The machine's memory at one moment, in bytes."""

    available: int
    total: int
    kills: int | None = None
    """How many processes Linux has killed for lack of memory since it booted; None if that is unknown."""


def read_memory() -> MemoryReading:
    """Return the machine's current memory. Cheap enough to call every few seconds."""
    memory = psutil.virtual_memory()
    return MemoryReading(int(memory.available), int(memory.total), _kills())


def shortage(before: Sequence[MemoryReading], after: MemoryReading, *, used: int, limit: int) -> str | None:
    """Return the evidence that memory was short when a worker was killed, as a clause; None if there is none.

    `before`: readings from before the death, oldest first. The death freed memory, so only the kills of `after` count.
    `used` is the worker's last known memory and `limit` its maximum, in bytes.
    """
    known = [reading.kills for reading in before if reading.kills is not None]
    if known and after.kills is not None and after.kills > known[0]:
        return "the system has just killed a program because memory ran out"
    least = min(before, key=lambda reading: reading.available, default=None)
    if least is not None and least.available < least.total * LEAST_FREE:
        return f"only {format_size(least.available)} of {format_size(least.total)} was free"
    if used >= limit * NEAR_LIMIT:
        return f"it used {format_size(used)}, and its limit is {format_size(limit)}"
    return None


def _kills() -> int | None:
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, ValueError):
        for line in _COUNTERS.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    return None
