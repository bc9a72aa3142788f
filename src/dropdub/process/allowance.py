"""More time for a process tree that computes on a busy machine: a pure rule, so that slow is not taken for hung."""

from __future__ import annotations

MORE_TIME = 0.25
"""Share of the whole allowance that is added each time."""
LEAST_SHARE = 0.05
"""Share of one core, since the last look, that counts as computing. A tree that waits for something uses far less."""
ENOUGH = 0.75
"""Share of the allowance, in CPU time, after which no more is added: a machine with time to spare would have given it
that much, so it is not the machine that is slow.
"""


class Allowance:
    """The time that a step or a program may take, and what is added while a busy machine gives it little CPU time.

    As each addition requires CPU time, and its sum is bounded, so is the time: at most about 15 times what was allowed.
    """

    def __init__(self, allowed_s: float, now: float, *, cpu_s: float = 0.0) -> None:
        """`now` in monotonic seconds; `cpu_s`: the CPU time that the process tree had used by then."""
        self._allowed_s = allowed_s
        self._began_cpu_s = cpu_s
        self._looked_cpu_s = cpu_s
        self._looked_at = now

    def more_s(self, now: float, cpu_s: float) -> float:
        """Return how many seconds to add at the end of the time allowed so far; 0 for none."""
        share = (cpu_s - self._looked_cpu_s) / max(now - self._looked_at, 1e-6)
        self._looked_at, self._looked_cpu_s = now, cpu_s
        had_enough = cpu_s - self._began_cpu_s >= ENOUGH * self._allowed_s
        return 0.0 if had_enough or share < LEAST_SHARE else MORE_TIME * self._allowed_s

    def pause(self, seconds: float, *, cpu_s: float = 0.0) -> None:
        """Leave out a time in which the tree did something else, or nothing, and the CPU time that it used then."""
        self._looked_at += seconds
        self._looked_cpu_s += cpu_s
        self._began_cpu_s += cpu_s


class CpuTime:
    """The CPU time of a process tree, which must not fall when a child ends whose time its parent does not get."""

    def __init__(self) -> None:
        self.total_s = 0.0
        self._last_s = 0.0

    def add(self, reading_s: float) -> None:
        """Add a reading of the whole tree's CPU time in seconds."""
        self.total_s += max(reading_s - self._last_s, 0.0)
        self._last_s = reading_s
