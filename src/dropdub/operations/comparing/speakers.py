"""Compare who speaks when according to two. Pure.

Two may give the same speaker different numbers, so those of one are matched with those of the other first: one to one,
so that they agree for as long as possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, permutations

from dropdub.pipeline.artifacts import Turn

MOST = 7
"""Speakers of each that are matched, those who speak longest: all ways to match them are tried."""


@dataclass(frozen=True)
class Agreement:
    """How far two agree: `speech_s` is the speech that both name a speaker for, `differing_s` where it is another one.

    `numbers`: for each speaker of the second, who that is for the first; a number that the first has not for others.
    """

    speech_s: float
    differing_s: float
    numbers: dict[int, int]

    @property
    def share(self) -> float | None:
        """Return the share of the speech in which they differ; None without any."""
        return self.differing_s / self.speech_s if self.speech_s else None


def agreement(one: Sequence[Turn], other: Sequence[Turn]) -> Agreement:
    """Return how far two agree, each in order of time and without overlaps of its own."""
    shared: dict[tuple[int, int], float] = defaultdict(float)
    for first, second, seconds in _overlaps(one, other):
        shared[first, second] += seconds
    numbers = _matched(shared)
    speech_s = sum(shared.values())
    agreed_s = sum(shared.get((first, second), 0.0) for second, first in numbers.items())
    free = count(max((turn.speaker for turn in one), default=-1) + 1)
    for speaker in dict.fromkeys(turn.speaker for turn in other):
        if speaker not in numbers:
            numbers[speaker] = next(free)
    return Agreement(speech_s, speech_s - agreed_s, numbers)


def _overlaps(one: Sequence[Turn], other: Sequence[Turn]) -> Iterator[tuple[int, int, float]]:
    """Yield who speaks according to both, and for how many seconds."""
    here = there = 0
    while here < len(one) and there < len(other):
        first, second = one[here], other[there]
        seconds = min(first.end, second.end) - max(first.start, second.start)
        if seconds > 0:
            yield first.speaker, second.speaker, seconds
        if first.end <= second.end:
            here += 1
        else:
            there += 1


def _matched(shared: Mapping[tuple[int, int], float]) -> dict[int, int]:
    """Return the number of the first for each of the second, where they agree for as long as possible."""
    firsts, seconds = _longest(shared, 0), _longest(shared, 1)
    width = max(len(firsts), len(seconds))
    padded: list[int | None] = [*firsts, *[None] * (width - len(firsts))]

    def agreed_s(order: Sequence[int | None]) -> float:
        pairs = zip(order, seconds, strict=False)
        return sum(shared.get((first, second), 0.0) for first, second in pairs if first is not None)

    best = max(permutations(padded, len(seconds)), key=agreed_s, default=())
    return {second: first for first, second in zip(best, seconds, strict=True) if first is not None}


def _longest(shared: Mapping[tuple[int, int], float], side: int) -> list[int]:
    spoken_s: dict[int, float] = defaultdict(float)
    for pair, seconds in shared.items():
        spoken_s[pair[side]] += seconds
    return sorted(spoken_s, key=lambda number: -spoken_s[number])[:MOST]
