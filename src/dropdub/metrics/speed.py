"""How fast recordings are transcribed, and whether that has fallen."""

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
"""Of shorter chunks, most of the time is spent on other things than hearing."""


@dataclass(frozen=True)
class Slowdown:
    """Seconds of recording a second: of late, and before that."""

    recent: float
    usual: float

    @property
    def sentence(self) -> str:
        return (
            f"Transcribing has become slow: {self.recent:.2g} s of recording a second, before that {self.usual:.2g}. "
            "See what else runs on this machine, whether it is hot, and: `dropdub doctor`. "
            "(After a change to a larger model, this is as it should be.)"
        )


class Speed:
    """The newest speeds in seconds of recording a second (the real-time factor, higher is faster)."""

    def __init__(self, earlier: Iterable[tuple[float, float]] = ()) -> None:
        """`earlier`: seconds of recording and of work of earlier runs' chunks, the oldest first."""
        self._speeds: deque[float] = deque(maxlen=KEPT)
        for recording_s, work_s in earlier:
            self.add(recording_s, work_s)

    def add(self, recording_s: float, work_s: float) -> None:
        """Take in one chunk; one too short to tell is left out."""
        if recording_s >= SHORTEST_S and work_s > 0:
            self._speeds.append(recording_s / work_s)

    @property
    def recent(self) -> float | None:
        """Return the median of the newest, None where there is none."""
        newest = list(self._speeds)[-RECENT:]
        return median(newest) if newest else None

    @property
    def slowdown(self) -> Slowdown | None:
        """Return how it has fallen to half or less of what it was, None where it has not or too little is known."""
        speeds = list(self._speeds)
        before, newest = speeds[:-RECENT], speeds[-RECENT:]
        if len(before) < LEAST_BEFORE:
            return None
        found = Slowdown(median(newest), median(before))
        return found if found.recent <= FALLEN_TO * found.usual else None
