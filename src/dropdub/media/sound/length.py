"""The exact length of a sound: in samples at its own rate, as ffmpeg decodes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_HALF = Fraction(1, 2)
_TIME_BASE = "#tb 0: 1/"
_MPEG_FRAMES = (576, 1152)
"""Samples of a frame of MP3 and MP2; no other usual codec has such frames."""
_GAP_S = 0.1


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


def on_clock(rate: int, end_s: float) -> str:
    """Return the filters that resample a sound, fill its gaps and compensate the drift of its clock, up to `end_s`.

    The times of the sound stay as they are: a track that starts late is not padded. What comes before second 0 is cut
    off, and what comes after `end_s`, before the gaps are filled. Otherwise a clock that jumps makes a gap of hours,
    which is filled all at once, in memory.
    """
    return f"{_at_its_time()},atrim=start=0:end={end_s:.3f},aresample={rate}:async=1"


def _at_its_time() -> str:
    """Return the filter that puts the first MPEG frame after a gap before it: the next one shows whether it is a gap.

    Where MPEG sound changes to a higher rate, ffmpeg takes the first frame of the new rate for the last one of the old,
    but counts its time at the new rate. From 16 to 32 kHz, the resampler would then fill twice the time that has passed
    with silence, and what follows would come too late.
    """
    is_mpeg = "+".join(f"eq(S,{size})" for size in _MPEG_FRAMES)
    return f"asetpts='if(gt(PTS-PREV_INPTS-S,SR*{_GAP_S})*({is_mpeg}),PREV_INPTS+S,PTS)'"


def counting(stream: str, rate: int, listed: Path, *, until_s: float, has_clock: bool) -> list[str]:
    """Return the ffmpeg output arguments that write a list of frames, from which `counted` reads the sound's length.

    `stream` is ffmpeg's specifier, `rate` the sound's own rate, `until_s` where to stop at the latest. Use a separate
    ffmpeg run for it, and leave the frame size alone: when ffmpeg 9 had to write longer frames alongside another
    output, one run in five hung forever if the track started late.
    """
    filters = on_clock(rate, until_s) if has_clock else f"aresample={rate}"
    return ["-map", stream, "-af", filters, "-ac", "1", "-c:a", "pcm_s16le", "-f", "framecrc", str(listed)]


def counted(listed: Path, *, has_clock: bool) -> SoundLength:
    """Return the length from the list that `counting` wrote. Raises ValueError if it holds none, and OSError.

    The length is measured on the recording's clock, if it has one: silence before a track that starts late counts, and
    so do gaps. Otherwise, it is the sum of all frames.
    """
    rate = end = total = 0
    with listed.open(encoding="utf-8") as lines:  # half a million of them for three hours
        for line in lines:
            if line.startswith(_TIME_BASE):
                rate = int(line.removeprefix(_TIME_BASE))
            elif not line.startswith("#"):
                _, _, start, samples, *_ = line.split(",")
                end, total = max(end, int(start) + int(samples)), total + int(samples)
    if not rate or not total:
        raise ValueError(f"{listed.name} does not contain the length of a sound.")
    return SoundLength(end if has_clock else total, rate)
