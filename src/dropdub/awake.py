"""Detect suspend and clock changes, and count deadlines only in time in which this machine was awake.

On Windows the monotonic clock continues during suspend (on Linux and macOS it does not): a deadline that is a point on
that clock would have passed at wake-up for everything that was running.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

CLOCK_SET_S = 5.0
"""NTP adjusts a clock by less; a person, a new time server or an empty battery by more."""
SLEEP_S = 5.0
"""The difference between two clocks that counts as sleep."""
LONGEST_TURN_S = 30.0
"""With a single clock, a longer time between two iterations of a loop counts as sleep: they take less."""
LONGEST_LOOK_S = 5.0
"""A longer time between two checks of a deadline was sleep or a stopped process: checks are far more frequent."""


@dataclass(frozen=True)
class Reading:
    """Seconds on three clocks, read at the same time.

    `awake` is the clock of deadlines; `boot` includes sleep, and is None if the system has no separate clock for it
    (Windows, whose monotonic clock includes sleep); `wall` is the time of day, which can be set.
    """

    awake: float
    boot: float | None
    wall: float


@dataclass(frozen=True)
class ClockChange:
    """Sleep and clock adjustment between two readings, in seconds; 0 for none. `set_s` < 0: the clock was set back."""

    slept_s: float
    set_s: float


def read() -> Reading:
    """Return the current readings of the clocks."""
    return Reading(time.monotonic(), _boot(), time.time())


def between(before: Reading, after: Reading) -> ClockChange:
    """Return how long the machine slept and by how much its clock was set between two readings.

    A process that was stopped or delayed for long counts as asleep: the consequences are the same.
    """
    awake = after.awake - before.awake
    passed = awake if before.boot is None or after.boot is None else after.boot - before.boot
    asleep = passed - awake
    slept = asleep if asleep >= SLEEP_S else 0.0
    moved = (after.wall - before.wall) - passed
    return ClockChange(slept_s=slept + _sleep_within(awake), set_s=moved if abs(moved) >= CLOCK_SET_S else 0.0)


class Turns:
    """Detects sleep between the iterations of a loop, with a single clock."""

    def __init__(self) -> None:
        self._last: float | None = None

    def slept_s(self, now: float) -> float:
        """Return how long the machine slept since the last call; 0 if it did not. `now`: monotonic seconds."""
        passed = 0.0 if self._last is None else now - self._last
        self._last = now
        return _sleep_within(passed)


class Countdown:
    """Counts down awake time; it must be checked often. Times are monotonic seconds."""

    def __init__(self, allowed_s: float, now: float) -> None:
        self._left_s = allowed_s
        self._checked = now

    def left_s(self, now: float) -> float:
        """Return the seconds left; zero or less if the time is up."""
        self._left_s -= min(max(now - self._checked, 0.0), LONGEST_LOOK_S)
        self._checked = now
        return self._left_s

    def add(self, seconds: float) -> None:
        """Allow more time."""
        self._left_s += seconds


def _sleep_within(passed: float) -> float:
    return passed if passed >= LONGEST_TURN_S else 0.0


def _boot() -> float | None:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # Python's monotonic clock stops during sleep there; this one does not
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return None
