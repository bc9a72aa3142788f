"""Whether a worker is alive: it has sent a message, or its process tree has computed. Times are monotonic seconds."""

from __future__ import annotations

from dropdub.process.allowance import Allowance, CpuTime

SIGN_CPU_S = 0.1
"""CPU time that counts as a sign of life. Over a minute, threads that only wait use a few milliseconds."""
MORE_TIME = 0.25
"""Share of its whole deadline that a step is allowed after progress."""
AT_THIS_PACE = 3.0
"""After progress, a step is allowed this many times as long as that progress took: a slow machine keeps its pace."""


class TimeLimit:
    """The deadline of one piece of work, `at`, and what moves it."""

    def __init__(self, allowed_s: float, now: float, *, cpu_s: float) -> None:
        """`cpu_s`: the CPU time that the process tree had used by `now`."""
        self.at = now + allowed_s
        self.began_at = now
        self.began_cpu_s = cpu_s
        self._allowed_s = allowed_s
        self._progressed_at = now
        self._allowance = Allowance(allowed_s, now, cpu_s=cpu_s)

    def record_progress(self, now: float) -> None:
        """Move the deadline by a share of the whole time, or at the pace of this progress."""
        pace_s = AT_THIS_PACE * (now - self._progressed_at)
        self.at = max(self.at, now + max(self._allowed_s * MORE_TIME, pace_s))
        self._progressed_at = now

    def extend_if_computing(self, now: float, cpu_s: float) -> bool:
        """Move a deadline that has passed, if the tree was computing and had little CPU time; return whether it was."""
        more_s = self._allowance.more_s(now, cpu_s)
        if more_s:
            self.at = now + more_s
        return bool(more_s)

    def pause(self, seconds: float, *, cpu_s: float = 0.0) -> None:
        """Leave out a time in which nothing was done of this work; others used `cpu_s` of CPU time meanwhile."""
        self.at += seconds
        self.began_at += seconds
        self._progressed_at += seconds
        self._allowance.pause(seconds, cpu_s=cpu_s)


class Liveness:
    """The last sign of life of one worker, and the deadline of what it is doing.

    An engine may compute for minutes without a message: a library that holds the interpreter's lock stops even the
    thread that sends heartbeats.
    """

    def __init__(self, now: float) -> None:
        self.last_sign_at = now
        self._cpu = CpuTime()
        self._cpu_at_sign_s = 0.0
        self._limits: list[TimeLimit] = []
        """Of the work that is being done, last; before it, of the work that it interrupts."""

    @property
    def deadline(self) -> float | None:
        """The deadline of what is being done now; None without work."""
        return self._limits[-1].at if self._limits else None

    def begin(self, allowed_s: float, now: float) -> None:
        """Begin a piece of work, which may take `allowed_s`."""
        self.last_sign_at = now
        self._limits = [TimeLimit(allowed_s, now, cpu_s=self._cpu.total_s)]

    def interrupt(self, allowed_s: float, now: float) -> None:
        """Begin a piece of work that interrupts the present one."""
        self.last_sign_at = now
        self._limits.append(TimeLimit(allowed_s, now, cpu_s=self._cpu.total_s))

    def resume(self, now: float) -> float:
        """Continue the work that was interrupted, without loss of time; return how long the interruption took.

        That is without what interrupted it in turn, which the work beneath has been given back already.
        """
        other = self._limits.pop()
        taken_s, cpu_s = max(0.0, now - other.began_at), self._cpu.total_s - other.began_cpu_s
        for limit in self._limits:
            limit.pause(taken_s, cpu_s=cpu_s)
        return taken_s

    def end(self) -> None:
        """End all work."""
        self._limits = []

    def record_message(self, now: float) -> None:
        self.last_sign_at = now

    def record_cpu(self, reading_s: float, now: float) -> None:
        """Record a reading of the process tree's CPU time in seconds."""
        self._cpu.add(reading_s)
        if self._cpu.total_s - self._cpu_at_sign_s >= SIGN_CPU_S:
            self._cpu_at_sign_s, self.last_sign_at = self._cpu.total_s, now

    def record_progress(self, now: float) -> None:
        """Move the deadline after progress; see `TimeLimit.record_progress`."""
        if self._limits:
            self._limits[-1].record_progress(now)

    def extend_if_computing(self, now: float) -> bool:
        """Move a deadline that has passed, if the tree was computing and had little CPU time; return whether it was."""
        return bool(self._limits) and self._limits[-1].extend_if_computing(now, self._cpu.total_s)

    def forgive(self, slept_s: float) -> None:
        """Move all times by a time in which the machine was asleep."""
        self.last_sign_at += slept_s
        for limit in self._limits:
            limit.pause(slept_s)
