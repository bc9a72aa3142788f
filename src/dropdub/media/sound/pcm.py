"""Decode sound for the mix, in blocks of one size, never all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from dropdub.media.sound.timed import Frames, TimedSound, in_blocks, placed

RATE_HZ = 48_000
BLOCK_S = 10.0
_LAYOUTS = {1: "mono", 2: "stereo"}


def decoded(sound: TimedSound, *, channels: int, length: int, deadline_s: float) -> Iterator[Frames]:
    """Yield a sound at 48 kHz in blocks of `BLOCK_S`, `length` samples in total: cut off, or padded with silence.

    It has one or two `channels`, mixed down to them if need be. Raises what `placed` does.
    """
    pieces = placed(sound, rate=RATE_HZ, layout=_LAYOUTS[channels], until_s=length / RATE_HZ, deadline_s=deadline_s)
    with closing(pieces):
        yield from in_blocks(pieces, size=round(BLOCK_S * RATE_HZ), length=length, channels=channels)
