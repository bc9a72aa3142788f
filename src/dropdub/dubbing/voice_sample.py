"""Choose the speech to clone a speaker's voice from: the cleanest, and enough of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.media.sound.spans import Span

LEAST_S = 6.0
MOST_S = 15.0
TOO_SHORT_S = 2.0
"""With less speech than this, a voice cannot be cloned."""
_SHORTEST_PIECE_S = 1.0
_LONG_ENOUGH_S = 6.0
_FAR_DB = 12.0
_QUIET_DB = 30.0


@dataclass(frozen=True)
class Candidate:
    """A span of one speaker's speech.

    `probability` is the mean of its words, `over_noise_db` its level above the noise, `clipped` the share of clipped
    samples.
    """

    span: Span
    probability: float
    level_db: float
    over_noise_db: float
    clipped: float


def cleanest(candidates: Sequence[Candidate]) -> list[Span]:
    """Return the best spans in order of time, 6 to 15 s in total; less if there is not enough speech."""
    usual_db = sorted(one.level_db for one in candidates)[len(candidates) // 2] if candidates else 0.0
    chosen: list[Span] = []
    for one in sorted(candidates, key=lambda one: -_merit(one, usual_db)):
        room_s = MOST_S - sum(span.duration_s for span in chosen)
        if room_s < _SHORTEST_PIECE_S or (chosen and MOST_S - room_s >= LEAST_S):
            break
        chosen.append(Span(one.span.start, min(one.span.end, one.span.start + room_s)))
    return sorted(chosen, key=lambda span: span.start)


def _merit(one: Candidate, usual_db: float) -> float:
    """Return how good a span is: clearly understood, long, at the usual level, with little noise, not clipped."""
    length = min(one.span.duration_s / _LONG_ENOUGH_S, 1.0)
    odd_level = min(abs(one.level_db - usual_db) / _FAR_DB, 1.0)
    quiet = min(max(one.over_noise_db, 0.0) / _QUIET_DB, 1.0)
    return one.probability + 0.5 * length + 0.5 * quiet - 0.5 * odd_level - 20 * one.clipped
