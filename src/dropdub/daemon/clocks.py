"""Three clocks that go apart when the machine sleeps or its clock is set: what happened between two looks at them."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

SET_S = 5.0
"""Network time moves a clock by less; a person, a new time server or an empty battery by more."""
SLEPT_S = 5.0
LATE_S = 30.0
"""The supervisor's turns take less: where only the awake clock is at hand, more than this between two is sleep."""


@dataclass(frozen=True)
class Reading:
    """Seconds on three clocks, read at once.

    `awake` is the one that deadlines count by; `boot` counts sleep too, and is None where the system has no such
    clock beside it (Windows, whose monotonic clock counts sleep itself); `wall` is the time of day, which can be set.
    """

    awake: float
    boot: float | None
    wall: float


@dataclass(frozen=True)
class Passage:
    """What happened between two looks, in seconds; 0 where nothing did. `set_s` is negative for a clock set back."""

    slept_s: float
    set_s: float


def read() -> Reading:
    """Return what the clocks say now."""
    return Reading(time.monotonic(), _boot(), time.time())


def between(before: Reading, after: Reading) -> Passage:
    """Return whether the machine slept, and whether its clock was set, between two readings.

    A process that was stopped, or held up for long, is told as sleep: what it missed is the same.
    """
    awake = after.awake - before.awake
    passed = awake if before.boot is None or after.boot is None else after.boot - before.boot
    asleep = passed - awake
    slept = asleep if asleep >= SLEPT_S else 0.0
    late = awake if awake >= LATE_S else 0.0
    moved = (after.wall - before.wall) - passed
    return Passage(slept_s=slept + late, set_s=moved if abs(moved) >= SET_S else 0.0)


def _boot() -> float | None:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # its Python's monotonic clock stops in sleep, this one does not
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return None
