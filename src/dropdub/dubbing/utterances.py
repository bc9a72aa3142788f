"""Utterances of a dub: lines of one speaker that follow one another closely, spoken at one pace. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from dropdub.pipeline.artifacts import Segment

JOIN_PAUSE_S = 0.4
LONGEST_S = 10.0
MOST_PIECES = 40
"""In one utterance: the search for its place takes memory for each. Lines that are spoken are longer than a moment."""
LEAST_PAUSE_S = 0.1
"""What is left of a pause, if it was as long, where speech needs the time."""


@dataclass(frozen=True)
class Piece:
    """One spoken line: its segment's id, when the original speaks it, and how long it takes as it was spoken."""

    segment: int
    start: float
    end: float
    length_s: float


@dataclass(frozen=True)
class Utterance:
    """Pieces in order; times in seconds of the recording. `rate` is the pace that they were spoken at."""

    pieces: tuple[Piece, ...]
    speaker: str | None = None
    rate: float = 1.0

    @property
    def start(self) -> float:
        return self.pieces[0].start

    @cached_property
    def end(self) -> float:
        return max(piece.end for piece in self.pieces)

    def offsets(self, stretch: float) -> list[float]:
        """Return when each piece begins, in seconds from the first: never before the original does."""
        found: list[float] = []
        position = 0.0
        for piece, pause_s in zip(self.pieces, self._pauses, strict=True):
            found.append(max(piece.start - self.start, position + pause_s))
            position = found[-1] + piece.length_s / stretch
        return found

    def lateness_s(self, stretch: float) -> float:
        """Return how much later than the original, seen from the first, the latest piece begins."""
        at = zip(self.pieces, self.offsets(stretch), strict=True)
        return max(offset - (piece.start - self.start) for piece, offset in at)

    def durations_s(self, stretches: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how long it takes at each of several stretches, from 1 (as spoken) upward: faster."""
        each = [anchored + left / stretches for anchored, left in self._parts]
        longest: NDArray[np.float64] = np.max(each, axis=0)
        return longest

    def duration_s(self, stretch: float = 1.0) -> float:
        return max(anchored + left / stretch for anchored, left in self._parts)

    def stretch_for(self, room_s: float) -> float:
        """Return the least stretch, from 1, at which it takes at most `room_s`; infinity where none does."""
        needed = 1.0
        for anchored, left in self._parts:
            if room_s > anchored:
                needed = max(needed, left / (room_s - anchored))
            elif left > 0 or anchored > room_s:
                return float("inf")
        return needed

    @cached_property
    def _pauses(self) -> list[float]:
        ends = [piece.end for piece in self.pieces]
        gaps = [piece.start - before for piece, before in zip(self.pieces[1:], ends[:-1], strict=True)]
        return [0.0, *(min(max(gap, 0.0), LEAST_PAUSE_S) for gap in gaps)]

    @cached_property
    def _parts(self) -> list[tuple[float, float]]:
        """Return for each piece what does not change with the pace if speech runs on from it, and what does."""
        speech = list(accumulate(piece.length_s for piece in reversed(self.pieces)))[::-1]
        pauses = list(accumulate(reversed([*self._pauses[1:], 0.0])))[::-1]
        offsets = [piece.start - self.start for piece in self.pieces]
        return [(at + rest, left) for at, rest, left in zip(offsets, pauses, speech, strict=True)]


def joined(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Return segments by utterance: a speaker's, over pauses of at most `JOIN_PAUSE_S`, nobody else in between."""
    found: list[list[Segment]] = []
    for segment in segments:
        if found and _goes_on(found[-1], segment):
            found[-1].append(segment)
        else:
            found.append([segment])
    return found


def _goes_on(run: Sequence[Segment], segment: Segment) -> bool:
    last = run[-1]
    close = len(run) < MOST_PIECES and last.start <= segment.start and segment.start - last.end <= JOIN_PAUSE_S
    return close and segment.speaker == last.speaker and segment.end - run[0].start <= LONGEST_S
