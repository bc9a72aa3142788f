"""Mix pieces of sound into one track, each at its start: read when needed, added up block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.media.sound.wav import Samples, WavWriter

HEADROOM = 0.5
"""The track is written at half level, so that two simultaneous speakers do not clip; its loudness is set later."""
FADE_S = 0.01
_BLOCK_S = 10.0


@dataclass(frozen=True)
class Part:
    """A range of a sound file and its start on the track, in samples at the track's rate.

    `fades`: whether to fade in at its start and out at its end.
    """

    path: Path
    first: int
    count: int
    start: int
    fades: tuple[bool, bool] = (True, True)

    @property
    def end(self) -> int:
        return self.start + self.count


def part_of(path: Path, span: Span, *, start: int, rate: int, most: int | None = None) -> Part:
    """Return the `span` of a file as a part that starts at sample `start` of the track, of at most `most` samples."""
    first, last = round(span.start * rate), round(span.end * rate)
    return Part(path, first, max(min(last - first, last - first if most is None else most), 0), start)


def write_track(path: Path, parts: Iterable[Part], *, length: int, rate: int) -> float:
    """Write the sum of the parts, `length` samples at `HEADROOM`; return the peak level, at most 1."""
    peak = 0.0
    with WavWriter(path, rate, expected_s=length / rate) as writer:
        for block in track_blocks(parts, length=length, rate=rate):
            lowered = block * np.float32(HEADROOM)
            peak = max(peak, float(np.abs(lowered).max(initial=0.0)))
            writer.write(lowered)
    return min(peak, 1.0)


def track_blocks(parts: Iterable[Part], *, length: int, rate: int) -> Iterator[Samples]:
    """Yield the sum of the parts in blocks. Each part is opened once, and released after its last block."""
    size = round(_BLOCK_S * rate)
    waiting = sorted((short for part in parts for short in _cut(part, size)), key=lambda one: one.start, reverse=True)
    sounding: list[tuple[Part, Samples]] = []
    for first in range(0, length, size):
        block = np.zeros(min(size, length - first), np.float32)
        while waiting and waiting[-1].start < first + len(block):
            sounding.append((waiting[-1], _read(waiting.pop(), rate)))
        for part, samples in sounding:
            _add(block, samples, part.start - first)
        sounding = [one for one in sounding if one[0].end > first + len(block)]
        yield block


def _cut(part: Part, size: int) -> Iterator[Part]:
    """Split a long part into consecutive ones, none longer than a block."""
    places = [*range(0, part.count, size), part.count]
    for begin, end in pairwise(places):
        fades = (part.fades[0] and begin == 0, part.fades[1] and end == part.count)
        yield Part(part.path, part.first + begin, end - begin, part.start + begin, fades)


def _read(part: Part, rate: int) -> Samples:
    samples = wav.read_range(part.path, part.first / rate, (part.first + part.count) / rate)
    _fade(samples, round(FADE_S * rate), part.fades)
    return samples


def _fade(samples: Samples, length: int, at: Sequence[bool]) -> None:
    ramp = np.linspace(0.0, 1.0, min(length, len(samples) // 2), endpoint=False, dtype=np.float32)
    if at[0]:
        samples[: len(ramp)] *= ramp
    if at[1] and len(ramp):
        samples[-len(ramp) :] *= ramp[::-1]


def _add(block: Samples, samples: Samples, at: int) -> None:
    begin, end = max(at, 0), min(at + len(samples), len(block))
    if end > begin:
        block[begin:end] += samples[begin - at : end - at]
