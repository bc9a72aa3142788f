"""Spans of speech, and what is derived from them: pauses, transcription windows, cut points. Pure.

Spans are in seconds of the recording, in order, and do not overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A range of a recording, in seconds."""

    start: float
    end: float

    @property
    def duration_s(self) -> float:
        return self.end - self.start

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


Quietest = Callable[[float, float], float]
"""Returns the quietest moment between two moments."""

LONG_PAUSE_S = 5.0
_EARLIEST_CUT = 2 / 3


def pauses(spans: Sequence[Span], start: float, end: float) -> list[Span]:
    """Return the spans between `start` and `end` in which nobody speaks."""
    found, position = [], start
    for span in spans:
        if span.start >= end:
            break
        if span.start > position:
            found.append(Span(position, span.start))
        position = max(position, span.end)
    if position < end:
        found.append(Span(position, end))
    return found


def longest_pause(spans: Sequence[Span], start: float, end: float) -> Span | None:
    """Return the longest pause between two moments, the earliest if several are equal; None if all is speech."""
    return max(pauses(spans, start, end), key=lambda pause: pause.duration_s, default=None)


def clipped(spans: Sequence[Span], within: Span) -> list[Span]:
    """Return the parts of the spans that are within another one."""
    parts = (Span(max(span.start, within.start), min(span.end, within.end)) for span in spans)
    return [part for part in parts if part.duration_s > 0]


def widened(spans: Sequence[Span], seconds: float, *, start: float, end: float) -> list[Span]:
    """Return the spans with more room on both sides, between `start` and `end`; those that then touch are joined."""
    wider: list[Span] = []
    for span in spans:
        first, last = max(span.start - seconds, start), min(span.end + seconds, end)
        if wider and first <= wider[-1].end:
            wider[-1] = Span(wider[-1].start, last)
        else:
            wider.append(Span(first, last))
    return wider


def windows(spans: Sequence[Span], *, longest_s: float = 30.0, quietest: Quietest | None = None) -> list[Span]:
    """Merge spans into windows of at most `longest_s`, cut in pauses, and always in pauses of 5 s or more.

    This way the speech after a long pause falls into the same windows wherever the recording was cut before.
    Uninterrupted speech that is longer is cut at its quietest moment in the last third before the limit, or at the
    limit if `quietest` is not given.
    """
    merged: list[Span] = []
    for span in spans:
        for piece in _pieces(span, longest_s, quietest):
            if merged and piece.start - merged[-1].end < LONG_PAUSE_S and piece.end - merged[-1].start <= longest_s:
                merged[-1] = Span(merged[-1].start, piece.end)
            else:
                merged.append(piece)
    return merged


def _pieces(span: Span, longest_s: float, quietest: Quietest | None) -> Iterator[Span]:
    start = span.start
    while span.end - start > longest_s:
        earliest, latest = start + longest_s * _EARLIEST_CUT, start + longest_s
        cut = latest if quietest is None else min(max(quietest(earliest, latest), earliest), latest)
        yield Span(start, cut)
        start = cut
    yield Span(start, span.end)


def cut_points(spans: Sequence[Span], duration_s: float, *, target_s: float, window_s: float) -> list[float]:
    """Return where to cut a recording into chunks of about `target_s`, strictly increasing.

    Each cut is the middle of the longest pause within `window_s` (at most half of `target_s`) of a multiple of
    `target_s`, or the multiple itself if there is no pause. A remainder of less than half of `target_s` joins the chunk
    before it.
    """
    window_s = min(window_s, target_s / 2)
    cuts: list[float] = []
    for number in range(1, int(duration_s / target_s) + 1):
        mark = number * target_s
        pause = longest_pause(spans, max(mark - window_s, 0.0), min(mark + window_s, duration_s))
        cut = mark if pause is None else pause.middle
        if duration_s - cut >= target_s / 2 and (not cuts or cut > cuts[-1]):
            cuts.append(cut)
    return cuts
