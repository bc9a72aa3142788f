"""Detect recordings with one speaker on each of two channels, such as telephone calls and interviews. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment, Turn

LOUDER = 10 ** (6 / 10)
"""Power ratio (6 dB) above which the louder channel is the speaker's."""
DECIDED_SHARE = 0.9
LEAST_S = 1.0
"""Minimum speech that must be clearly on each channel."""


@dataclass(frozen=True)
class Levels:
    """A stretch of speech and the mean power of both channels in it."""

    span: Span
    left: float
    right: float


def heard_spans(segments: Sequence[Segment]) -> list[Span]:
    """Return the spans to measure, in order and without overlap: words, or the whole segment if it has no words."""
    found: list[Span] = []
    for span in _spans(segments):
        start = max(span.start, found[-1].end) if found else span.start
        if span.end > start:
            found.append(Span(start, span.end))
    return found


def _spans(segments: Sequence[Segment]) -> Iterator[Span]:
    for segment in segments:
        yield from (Span(item.start, item.end) for item in segment.words or (segment,))


def by_channel(levels: Sequence[Levels]) -> list[Turn] | None:
    """Return the turns of two speakers, left 0 and right 1; None if the channels do not separate them.

    They do if one is 6 dB above the other for at least nine tenths of the speech, and each for a second or more.
    """
    sides = [_side(one) for one in levels]
    seconds = {side: _seconds(levels, sides, side) for side in (0, 1, None)}
    decided_s = seconds[0] + seconds[1]
    if decided_s < DECIDED_SHARE * (decided_s + seconds[None]) or min(seconds[0], seconds[1]) < LEAST_S:
        return None
    decided = [
        Turn(one.span.start, one.span.end, side) for one, side in zip(levels, sides, strict=True) if side is not None
    ]
    return _joined(decided)


def _side(levels: Levels) -> int | None:
    if max(levels.left, levels.right) <= 0:
        return None
    if levels.left >= LOUDER * levels.right:
        return 0
    return 1 if levels.right >= LOUDER * levels.left else None


def _seconds(levels: Sequence[Levels], sides: Sequence[int | None], side: int | None) -> float:
    return sum(one.span.duration_s for one, its in zip(levels, sides, strict=True) if its == side)


def _joined(turns: Sequence[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for _, run in groupby(turns, key=lambda turn: turn.speaker):
        same = list(run)
        joined.append(Turn(same[0].start, same[-1].end, same[0].speaker))
    return joined
