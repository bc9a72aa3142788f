"""The exact length of a sound: in samples at its own rate, as ffmpeg decodes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_HALF = Fraction(1, 2)
_TIME_BASE = "#tb 0: 1/"


@dataclass(frozen=True)
class SoundLength:
    """A number of samples at a rate. At another rate the same length need not be a whole number of samples."""

    samples: int
    rate: int

    @property
    def duration_s(self) -> float:
        return self.samples / self.rate

    def at(self, rate: int) -> int:
        """Return the nearest number of samples at another rate, in exact arithmetic: floats can be off by one."""
        return math.floor(Fraction(self.samples * rate, self.rate) + _HALF)


def until(end_s: float) -> str:
    """Return the filter that cuts the sound off at `end_s`. It must precede any filter that fills gaps.

    Otherwise a clock that jumps makes a gap of hours, which is filled all at once, in memory.
    """
    return f"atrim=end={end_s:.3f}"


def counting(stream: str, rate: int, listed: Path, *, until_s: float) -> list[str]:
    """Return the ffmpeg output arguments that write a list of frames, from which `counted` reads the sound's length.

    `stream` is ffmpeg's specifier, `rate` the sound's own rate, `until_s` where to stop at the latest. The length is
    measured on the recording's clock: silence before a track that starts late counts, and so do gaps. Use a separate
    ffmpeg run for it, and leave the frame size alone: when ffmpeg 9 had to write longer frames alongside another
    output, one run in five hung forever if the track started late.
    """
    on_time = f"{until(until_s)},aresample={rate}:async=1:first_pts=0"
    return ["-map", stream, "-af", on_time, "-ac", "1", "-c:a", "pcm_s16le", "-f", "framecrc", str(listed)]


def counted(listed: Path) -> SoundLength:
    """Return the length from the list that `counting` wrote. Raises ValueError if it holds none, and OSError."""
    rate = samples = 0
    with listed.open(encoding="utf-8") as lines:  # half a million of them for three hours
        for line in lines:
            if line.startswith(_TIME_BASE):
                rate = int(line.removeprefix(_TIME_BASE))
            elif not line.startswith("#"):
                samples += int(line.split(",")[3])
    if not rate or not samples:
        raise ValueError(f"{listed.name} does not contain the length of a sound.")
    return SoundLength(samples, rate)
