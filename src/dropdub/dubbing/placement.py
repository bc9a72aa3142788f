"""Place each utterance of a dub on the recording's timeline, and find how much it is sped up. Pure.

Speech keeps its own pace if there is room, counting the silence before and after it. If not, it is sped up to at most
`USUAL_FASTEST`, and to `FASTEST` only if others would otherwise be pushed far out of place. Delays are made up in the
next pause. `placement_search.py` optimises the whole recording at once; this module then sets the exact times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dropdub.dubbing.placement_search import Bounds, Choice, best
from dropdub.dubbing.published_timing import ON_TIME_S
from dropdub.dubbing.utterances import LEAST_PAUSE_S, Utterance

USUAL_FASTEST = 1.2
"""Speech faster than this, relative to the usual pace, is noticeable."""
FASTEST = 1.4
"""Speech faster than this is hard to follow."""
EARLIEST_S = 0.5
_EPSILON = 1e-9


@dataclass(frozen=True)
class Placement:
    """When an utterance is spoken. `stretch` is the factor by which it is sped up, `pieces` the start of each piece."""

    start: float
    end: float
    stretch: float
    pieces: tuple[float, ...]


def fastest(utterance: Utterance) -> float:
    """Return how much an utterance may be sped up, relative to the rate at which it was spoken."""
    return max(FASTEST / utterance.rate, 1.0)


def place(utterances: Sequence[Utterance], duration_s: float) -> list[Placement]:
    """Return the placement of each utterance, in the order given; `duration_s` is the recording's length.

    Utterances of one speaker never overlap; those of different speakers overlap no more than the originals do. Starts
    keep their order. All end within the recording if `FASTEST` allows it; otherwise the last ones run past its end.
    """
    order = sorted(range(len(utterances)), key=lambda number: (utterances[number].start, number))
    line = _Line([utterances[number] for number in order], duration_s)
    placed = dict(zip(order, line.placements(), strict=True))
    return [placed[number] for number in range(len(utterances))]


class _Line:
    """Utterances in the order of their starts, and the gap that each must keep to earlier ones."""

    def __init__(self, utterances: Sequence[Utterance], duration_s: float) -> None:
        self.utterances = utterances
        self.duration_s = duration_s
        self.before = list(_before(utterances))
        self.after: list[list[tuple[int, float]]] = [[] for _ in utterances]
        for number, links in enumerate(self.before):
            for earlier, gap_s in links:
                self.after[earlier].append((number, gap_s))
        self.shortest = [one.duration_s(fastest(one)) for one in utterances]
        self.starts: list[float] = []
        self.stretches: list[float] = []

    def placements(self) -> Iterator[Placement]:
        bounds = self._bounds()
        choices = best(self.utterances, bounds, [fastest(one) for one in self.utterances])
        self._set_forward(choices, bounds)
        self._set_backward(bounds)
        for one, start, stretch in zip(self.utterances, self.starts, self.stretches, strict=True):
            starts = tuple(start + offset for offset in one.offsets(stretch))
            yield Placement(start, start + one.duration_s(stretch), stretch, starts)

    def _bounds(self) -> list[Bounds]:
        """Return how early and how late each may start and end, so that all others still fit."""
        numbers = range(len(self.utterances))
        last_starts, ends = [0.0] * len(numbers), [self.duration_s] * len(numbers)
        for number in reversed(numbers):
            ends[number] = min([ends[number], *(last_starts[later] - gap for later, gap in self.after[number])])
            following = last_starts[number + 1 : number + 2]
            last_starts[number] = min([ends[number] - self.shortest[number], *following])
        found: list[Bounds] = []
        for number, one in enumerate(self.utterances):
            earliest = max(
                0.0,
                min(one.start - EARLIEST_S, last_starts[number]),
                found[-1].first_start if found else 0.0,
                *(found[earlier].first_start + self.shortest[earlier] + gap for earlier, gap in self.before[number]),
            )
            latest = max(last_starts[number], earliest)
            gap_s = self._gap_to_frontier(number)
            found.append(Bounds(earliest, latest, max(ends[number], earliest + self.shortest[number]), gap_s))
        return found

    def _gap_to_frontier(self, number: int) -> float:
        """Return the minimum gap to the earlier utterance that ends last in the original; negative if they overlap."""
        links = self.before[number]
        return max(links, key=lambda link: self.utterances[link[0]].end)[1] if links else 0.0

    def _set_forward(self, choices: Sequence[Choice], bounds: Sequence[Bounds]) -> None:
        """Set starts as chosen, or closer to the original if earlier utterances leave room, but never too early."""
        for number, (one, choice, bound) in enumerate(zip(self.utterances, choices, bounds, strict=True)):
            free = max([bound.first_start, *self.starts[-1:], *self._ends_before(number)])
            self.starts.append(max(free, min(choice.start, max(one.start, bound.first_start))))
            needed = one.stretch_for(bound.end - self.starts[-1] + _EPSILON)
            self.stretches.append(min(max(choice.stretch, needed), fastest(one)))

    def _set_backward(self, bounds: Sequence[Bounds]) -> None:
        """Use room that is left: move early starts later, and slow down utterances that were sped up.

        An utterance is not slowed down if a line within it would then start too late: the search weighed that already.
        """
        for number in reversed(range(len(self.utterances))):
            one, bound = self.utterances[number], bounds[number]
            end = min([bound.end, *(self.starts[later] - gap for later, gap in self.after[number])])
            latest = min([end - one.duration_s(self.stretches[number]), *self.starts[number + 1 : number + 2]])
            self.starts[number] = max(self.starts[number], min(one.start, latest))
            needed = one.stretch_for(end - self.starts[number] + _EPSILON)
            if one.lateness_s(needed) <= max(one.lateness_s(self.stretches[number]), ON_TIME_S):
                self.stretches[number] = min(self.stretches[number], needed)

    def _ends_before(self, number: int) -> Iterator[float]:
        for earlier, gap_s in self.before[number]:
            one = self.utterances[earlier]
            yield self.starts[earlier] + one.duration_s(self.stretches[earlier]) + gap_s


def _before(utterances: Sequence[Utterance]) -> Iterator[list[tuple[int, float]]]:
    """Yield, for each utterance, every speaker's last one before it and the minimum gap to that in seconds."""
    last: dict[str | None, int] = {}
    for number, one in enumerate(utterances):
        yield [(earlier, _gap_s(utterances[earlier], one)) for earlier in last.values()]
        last[one.speaker] = number


def _gap_s(one: Utterance, other: Utterance) -> float:
    """Return the minimum gap between two utterances: negative if different speakers overlap in the original."""
    gap_s = min(other.start - one.end, LEAST_PAUSE_S)
    return max(gap_s, 0.0) if one.speaker == other.speaker else gap_s
