"""Utterances of a dub: consecutive lines of one speaker with short pauses, spoken at one pace. Pure."""

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
"""Per utterance: the placement search needs memory for each. Real lines are long enough never to reach this."""
LEAST_PAUSE_S = 0.1
"""Pauses may be shortened to this if speech needs the time."""


@dataclass(frozen=True)
class Piece:
    """One spoken line: its segment's id, when the original says it, and the length of its speech before stretching."""

    segment: int
    start: float
    end: float
    length_s: float


@dataclass(frozen=True)
class Utterance:
    """Pieces in order; times in seconds of the recording. `rate` is the rate at which they were spoken."""

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
        """Return when each piece starts, in seconds after the first: never earlier than in the original."""
        found: list[float] = []
        position = 0.0
        for piece, pause_s in zip(self.pieces, self._pauses, strict=True):
            found.append(max(piece.start - self.start, position + pause_s))
            position = found[-1] + piece.length_s / stretch
        return found

    def lateness_s(self, stretch: float) -> float:
        """Return how much later than in the original the latest piece starts, relative to the first."""
        at = zip(self.pieces, self.offsets(stretch), strict=True)
        return max(offset - (piece.start - self.start) for piece, offset in at)

    def durations_s(self, stretches: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the duration at each of several stretches: 1 is as spoken, above 1 is faster."""
        each = [anchored + left / stretches for anchored, left in self._parts]
        longest: NDArray[np.float64] = np.max(each, axis=0)
        return longest

    def duration_s(self, stretch: float = 1.0) -> float:
        return max(anchored + left / stretch for anchored, left in self._parts)

    def stretch_for(self, room_s: float) -> float:
        """Return the smallest stretch, at least 1, at which it fits into `room_s`; infinity if none does."""
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
        """Return, for each piece, the fixed and the stretchable duration, if speech runs on from it to the end."""
        speech = list(accumulate(piece.length_s for piece in reversed(self.pieces)))[::-1]
        pauses = list(accumulate(reversed([*self._pauses[1:], 0.0])))[::-1]
        offsets = [piece.start - self.start for piece in self.pieces]
        return [(at + rest, left) for at, rest, left in zip(offsets, pauses, speech, strict=True)]


def joined(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Group segments into utterances: of one speaker, with pauses of at most `JOIN_PAUSE_S` and nobody in between."""
    found: list[list[Segment]] = []
    for segment in segments:
        if found and _continues(found[-1], segment):
            found[-1].append(segment)
        else:
            found.append([segment])
    return found


def _continues(run: Sequence[Segment], segment: Segment) -> bool:
    last = run[-1]
    close = len(run) < MOST_PIECES and last.start <= segment.start and segment.start - last.end <= JOIN_PAUSE_S
    return close and segment.speaker == last.speaker and segment.end - run[0].start <= LONGEST_S
