"""Whether memory was short when a process was killed: what the machine said shortly before, compared with after."""

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
    """How many processes Linux has ended for lack of memory since it booted; None where that is not known."""


def read_memory() -> MemoryReading:
    """Return the machine's memory now. Cheap enough to be asked every few seconds."""
    memory = psutil.virtual_memory()
    return MemoryReading(int(memory.available), int(memory.total), _kills())


def shortage(before: Sequence[MemoryReading], after: MemoryReading, *, used: int, limit: int) -> str | None:
    """Return what shows that memory was short when a worker was killed; None where nothing does.

    `before`: readings from before the death, oldest first. The death freed memory, so `after` tells of kills only.
    `used` is what the worker was last seen to have, `limit` what it may have.
    """
    known = [reading.kills for reading in before if reading.kills is not None]
    if known and after.kills is not None and after.kills > known[0]:
        return "the system has just ended a program because memory ran out"
    least = min(before, key=lambda reading: reading.available, default=None)
    if least is not None and least.available < least.total * LEAST_FREE:
        return f"only {format_size(least.available)} of {format_size(least.total)} were free"
    if used >= limit * NEAR_LIMIT:
        return f"it had {format_size(used)}, and its limit is {format_size(limit)}"
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
