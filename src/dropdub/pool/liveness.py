"""Whether a worker is alive: it has sent a message, or its process tree has computed. Times are monotonic seconds."""

from __future__ import annotations

from dropdub.process.allowance import Allowance, CpuTime

SIGN_CPU_S = 0.1
"""CPU time that counts as a sign of life. Over a minute, threads that only wait use a few milliseconds."""
MORE_TIME = 0.25
"""Share of its whole deadline that a step is allowed after progress."""
AT_THIS_PACE = 3.0
"""After progress, a step is allowed this many times as long as that progress took: a slow machine keeps its pace."""


class Liveness:
    """The last sign of life of one worker, and the deadline of what it is doing.

    An engine may compute for minutes without a message: a library that holds the interpreter's lock stops even the
    thread that sends heartbeats.
    """

    def __init__(self, now: float) -> None:
        self.last_sign_at = now
        self.deadline: float | None = None
        self._cpu = CpuTime()
        self._cpu_at_sign_s = 0.0
        self._allowance = Allowance(0.0, now)
        self._allowed_s = 0.0
        self._progressed_at = now

    def begin(self, allowed_s: float, now: float) -> None:
        """Begin a piece of work, which may take `allowed_s`."""
        self._allowed_s, self.deadline, self.last_sign_at, self._progressed_at = allowed_s, now + allowed_s, now, now
        self._allowance = Allowance(allowed_s, now, cpu_s=self._cpu.total_s)

    def end(self) -> None:
        """End the piece of work."""
        self.deadline = None

    def record_message(self, now: float) -> None:
        self.last_sign_at = now

    def record_cpu(self, reading_s: float, now: float) -> None:
        """Record a reading of the process tree's CPU time in seconds."""
        self._cpu.add(reading_s)
        if self._cpu.total_s - self._cpu_at_sign_s >= SIGN_CPU_S:
            self._cpu_at_sign_s, self.last_sign_at = self._cpu.total_s, now

    def record_progress(self, now: float) -> None:
        """Move the deadline after progress: by a share of the whole time, or at the pace of that progress."""
        if self.deadline is not None:
            pace_s = AT_THIS_PACE * (now - self._progressed_at)
            self.deadline = max(self.deadline, now + max(self._allowed_s * MORE_TIME, pace_s))
        self._progressed_at = now

    def extend_if_computing(self, now: float) -> bool:
        """Move a deadline that has passed, if the tree was computing and had little CPU time; return whether it was."""
        more_s = self._allowance.more_s(now, self._cpu.total_s)
        if self.deadline is not None and more_s:
            self.deadline = now + more_s
        return bool(more_s)

    def forgive(self, slept_s: float) -> None:
        """Move all times by a time in which the machine was asleep."""
        self.last_sign_at += slept_s
        self._progressed_at += slept_s
        if self.deadline is not None:
            self.deadline += slept_s
