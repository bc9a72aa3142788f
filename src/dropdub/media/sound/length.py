"""How long a sound is, exactly: in samples of its own rate, as ffmpeg decodes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_HALF = Fraction(1, 2)
_TIME_BASE = "#tb 0: 1/"


@dataclass(frozen=True)
class SoundLength:
    """So many samples at a rate; as a fraction of a second it need not be a number of samples at another rate."""

    samples: int
    rate: int

    @property
    def duration_s(self) -> float:
        return self.samples / self.rate

    def at(self, rate: int) -> int:
        """Return the nearest number of samples at another rate, in whole numbers: seconds as floats miss by one."""
        return math.floor(Fraction(self.samples * rate, self.rate) + _HALF)


def until(end_s: float) -> str:
    """Return the filter that leaves out what comes later. It goes before one that fills gaps.

    A clock that jumps would make a gap of hours, and a gap is filled at once, in memory.
    """
    return f"atrim=end={end_s:.3f}"


def counting(stream: str, rate: int, listed: Path, *, until_s: float) -> list[str]:
    """Return the arguments of ffmpeg's output that is a list, from which `counted` reads the sound's length.

    `stream` is ffmpeg's specifier, `rate` the sound's own, `until_s` where it ends at the latest. The silence before a
    track that begins late counts, and so do gaps: it is the length on the film's clock. It wants a run of its own, and
    frames as they come: ffmpeg 9, made to write longer ones beside another output, waited for ever in one of five runs
    where the track began late.
    """
    on_time = f"{until(until_s)},aresample={rate}:async=1:first_pts=0"
    return ["-map", stream, "-af", on_time, "-ac", "1", "-c:a", "pcm_s16le", "-f", "framecrc", str(listed)]


def counted(listed: Path) -> SoundLength:
    """Return the length that `counting` made a list of. Raises ValueError where it holds none, and OSError."""
    rate = samples = 0
    with listed.open(encoding="utf-8") as lines:  # half a million of them for three hours
        for line in lines:
            if line.startswith(_TIME_BASE):
                rate = int(line.removeprefix(_TIME_BASE))
            elif not line.startswith("#"):
                samples += int(line.split(",")[3])
    if not rate or not samples:
        raise ValueError(f"{listed.name} does not tell the length of a sound.")
    return SoundLength(samples, rate)
