"""Transcription speed, and whether it has dropped."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

RECENT = 10
KEPT = 60
LEAST_BEFORE = 20
FALLEN_TO = 0.5
SHORTEST_S = 10.0
"""Shorter chunks are ignored, because most of their time goes into other work than transcription."""


@dataclass(frozen=True)
class Slowdown:
    """Speed in seconds of recording per second: recent, and before."""

    recent: float
    usual: float

    @property
    def sentence(self) -> str:
        return (
            f"Transcription has become slow: {self.recent:.2g} s of recording per second, {self.usual:.2g} before. "
            "Check what else runs on this machine and whether it overheats, and run: `dropdub doctor`. "
            "(This is normal after a change to a larger model.)"
        )


class Speed:
    """Recent speeds in seconds of recording per second (the real-time factor; higher is faster)."""

    def __init__(self, earlier: Iterable[tuple[float, float]] = ()) -> None:
        """`earlier`: seconds of recording and of work for chunks of earlier runs, oldest first."""
        self._speeds: deque[float] = deque(maxlen=KEPT)
        for recording_s, work_s in earlier:
            self.add(recording_s, work_s)

    def add(self, recording_s: float, work_s: float) -> None:
        """Add the speed of one chunk, unless it is too short."""
        if recording_s >= SHORTEST_S and work_s > 0:
            self._speeds.append(recording_s / work_s)

    @property
    def recent(self) -> float | None:
        """Return the median of the last `RECENT` speeds, or None if there are none."""
        newest = list(self._speeds)[-RECENT:]
        return median(newest) if newest else None

    @property
    def slowdown(self) -> Slowdown | None:
        """Return the slowdown if the speed has dropped to half or less; None if not, or with too few chunks."""
        speeds = list(self._speeds)
        before, newest = speeds[:-RECENT], speeds[-RECENT:]
        if len(before) < LEAST_BEFORE:
            return None
        found = Slowdown(median(newest), median(before))
        return found if found.recent <= FALLEN_TO * found.usual else None
