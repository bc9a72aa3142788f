"""Time in which this machine was awake: whether it slept or its clock was set, and deadlines that stop in sleep.

On Windows the monotonic clock continues while the machine sleeps (on Linux and macOS it does not): a deadline that is
a moment of it would be past at waking, for everything that was under way.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

CLOCK_SET_S = 5.0
"""Network time moves a clock by less; a person, a new time server or an empty battery by more."""
SLEEP_S = 5.0
"""What two clocks differ by before it counts as sleep."""
LONGEST_TURN_S = 30.0
"""A loop's turns take less: if only one clock is at hand, more than this between two of them is sleep."""
LONGEST_LOOK_S = 5.0
"""Who waits for a deadline looks far more often: more than this between two looks was sleep, or a stopped process."""


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
    """What happened between two readings, in seconds; 0 if nothing did. `set_s` is negative for a clock set back."""

    slept_s: float
    set_s: float


def read() -> Reading:
    """Return what the clocks say now."""
    return Reading(time.monotonic(), _boot(), time.time())


def between(before: Reading, after: Reading) -> Passage:
    """Return whether the machine slept, and whether its clock was set, between two readings.

    A process that was stopped, or held up for long, counts as asleep: what it missed is the same.
    """
    awake = after.awake - before.awake
    passed = awake if before.boot is None or after.boot is None else after.boot - before.boot
    asleep = passed - awake
    slept = asleep if asleep >= SLEEP_S else 0.0
    moved = (after.wall - before.wall) - passed
    return Passage(slept_s=slept + _leap(awake), set_s=moved if abs(moved) >= CLOCK_SET_S else 0.0)


class Turns:
    """The turns of a loop, by one clock."""

    def __init__(self) -> None:
        self._last: float | None = None

    def slept_s(self, now: float) -> float:
        """Return how long the machine slept since the last turn; 0 if it did not. `now`: monotonic seconds."""
        passed = 0.0 if self._last is None else now - self._last
        self._last = now
        return _leap(passed)


class Countdown:
    """Counts down from the seconds allowed, while it is looked at often. Times are monotonic seconds."""

    def __init__(self, allowed_s: float, now: float) -> None:
        self._left_s = allowed_s
        self._looked = now

    def left_s(self, now: float) -> float:
        """Return the seconds left; zero or less when the time is over."""
        self._left_s -= min(max(now - self._looked, 0.0), LONGEST_LOOK_S)
        self._looked = now
        return self._left_s


def _leap(passed: float) -> float:
    return passed if passed >= LONGEST_TURN_S else 0.0


def _boot() -> float | None:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # its Python's monotonic clock stops in sleep, this one does not
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return None
