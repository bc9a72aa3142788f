"""How long something may still take, counted in time in which this machine was awake.

On Windows the monotonic clock goes on while the machine sleeps (on Linux it does not): a deadline that is a moment of
it would be past at waking, for everything that was under way.
"""

from __future__ import annotations

LONGEST_LOOK_S = 5.0
"""Who waits looks far more often. What lies between two looks beyond this was sleep, or a process that was stopped."""


class Patience:
    """Counts down from the seconds allowed. To be asked again and again; times are monotonic seconds."""

    def __init__(self, allowed_s: float, now: float) -> None:
        self._left_s = allowed_s
        self._looked = now

    def left_s(self, now: float) -> float:
        """Return the seconds left; zero or less where the time is over."""
        self._left_s -= min(max(now - self._looked, 0.0), LONGEST_LOOK_S)
        self._looked = now
        return self._left_s
