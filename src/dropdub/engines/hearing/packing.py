"""Pack speech into the fixed windows of a Whisper model, without the pauses between. Pure.

The encoder costs the same for a word as for half a minute, and pauses mislead the decoder: it invents text in them, or
stretches words over them. The batched pipeline of faster-whisper does the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, groupby, pairwise

import numpy as np

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Word
from dropdub.engines.hearing.word_times import sounds

_CUT_WITHIN_S = 3.0
"""How much room in a window is given up for a longer pause to cut in."""


@dataclass(frozen=True)
class Piece:
    """A stretch of speech in window number `window`: `samples` at 16 kHz from `start` seconds into the recording."""

    window: int
    start: float
    samples: Samples

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SPEECH_RATE_HZ

    def before(self, seconds: float) -> Piece:
        """Return what comes before this moment within `samples`."""
        return replace(self, samples=self.samples[: round(seconds * SPEECH_RATE_HZ)])

    def after(self, seconds: float) -> Piece:
        """Return what comes after this moment within `samples`."""
        skipped = round(seconds * SPEECH_RATE_HZ)
        return replace(self, start=self.start + skipped / SPEECH_RATE_HZ, samples=self.samples[skipped:])

    def cut_at(self, latest_s: float, *, follows: bool) -> float:
        """Return where to cut it, at most `latest_s` within `samples`: in the longest pause of the last few seconds.

        If there is none, it is the last pause before that. If it `follows` another piece, it may also be cut at 0.
        Without any pause it is cut at `latest_s`.
        """
        pauses = [(math.inf, 0.0)] if follows else []
        pauses += [
            (after - before, (before + after) / 2)
            for (_, before), (after, _) in pairwise(sounds(self.samples))
            if (before + after) / 2 <= latest_s
        ]
        recent = [pause for pause in pauses if pause[1] >= latest_s - _CUT_WITHIN_S]
        return max(recent)[1] if recent else max((at for _, at in pauses), default=latest_s)


@dataclass(frozen=True)
class Packed:
    """Pieces in order, one directly after the other, as the model gets them."""

    pieces: tuple[Piece, ...]

    @property
    def samples(self) -> Samples:
        return np.concatenate([piece.samples for piece in self.pieces])

    def after(self, seconds: float) -> Packed:
        """Return what comes after this moment within `samples`."""
        ends = [begin + piece.duration_s for piece, begin in zip(self.pieces, self._begins, strict=False)]
        left = [
            piece.after(max(seconds - begin, 0.0))
            for piece, begin, end in zip(self.pieces, self._begins, ends, strict=False)
            if end > seconds
        ]
        return Packed(tuple(left))

    def by_window(self, words: Iterable[Word]) -> Iterator[tuple[int, list[Word]]]:
        """Yield the number of each window with its words; `words` have times within `samples`, these of the recording.

        A word over the joint of two pieces is said in the one that has more of it.
        """
        placed = [(self._piece_of(word), word) for word in words]
        for window, found in groupby(placed, key=lambda one: self.pieces[one[0]].window):
            yield window, [self._in_recording(place, word) for place, word in found]

    def _piece_of(self, word: Word) -> int:
        def shared_s(place: int) -> float:
            begin = self._begins[place]
            return min(word.end, begin + self.pieces[place].duration_s) - max(word.start, begin)

        return max(range(len(self.pieces)), key=shared_s)

    def _in_recording(self, place: int, word: Word) -> Word:
        piece, begin = self.pieces[place], self._begins[place]
        start, end = (piece.start + min(max(at - begin, 0.0), piece.duration_s) for at in (word.start, word.end))
        return replace(word, start=start, end=end)

    @cached_property
    def _begins(self) -> list[float]:
        """Return where each piece begins within `samples`, in seconds."""
        return [0.0, *accumulate(piece.duration_s for piece in self.pieces)]


def packed(pieces: Iterable[Piece], *, longest_s: float) -> Iterator[Packed]:
    """Yield the pieces in order, as many together as fit into `longest_s`, cut in pauses where they do not fit."""
    together: list[Piece] = []
    for piece in pieces:
        left = piece
        while (room_s := longest_s - _duration_s(together)) < left.duration_s:
            cut_s = left.cut_at(room_s, follows=bool(together))
            if cut_s > 0:
                together.append(left.before(cut_s))
                left = left.after(cut_s)
            yield Packed(tuple(together))
            together = []
        together.append(left)
    if together:
        yield Packed(tuple(together))


def _duration_s(pieces: Sequence[Piece]) -> float:
    return sum(piece.duration_s for piece in pieces)
