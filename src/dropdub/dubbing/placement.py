"""Where each utterance of a dub is put on the recording's time line, and how much faster it becomes. Pure.

Speech keeps its own pace where there is room, that of the silence before and after included. Where there is none it
becomes faster, up to `USUAL_FASTEST`; only where others would be pushed far from their place up to `FASTEST`. What is
late is caught up in the next pause. All is weighed for the whole recording at once (`fit_search.py`), then set exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dropdub.dubbing.placement_search import Bounds, Choice, best
from dropdub.dubbing.utterances import LEAST_PAUSE_S, Utterance

USUAL_FASTEST = 1.2
"""Faster speech than this, in times of the usual pace, is noticed."""
FASTEST = 1.4
"""Faster speech than this is hard to follow."""
ON_TIME_S = 0.1
"""A start this far from the original's is not noticed."""
EARLIEST_S = 0.5
_EPSILON = 1e-9


@dataclass(frozen=True)
class Placement:
    """When an utterance is spoken: `stretch` is what its sound is sped up by, `pieces` when each piece begins."""

    start: float
    end: float
    stretch: float
    pieces: tuple[float, ...]


def fastest(utterance: Utterance) -> float:
    """Return how much an utterance may be sped up, beyond the pace that it was spoken at."""
    return max(FASTEST / utterance.rate, 1.0)


def place(utterances: Sequence[Utterance], duration_s: float) -> list[Placement]:
    """Return where each utterance goes, in the order given; `duration_s` is the recording's length.

    No two of one speaker overlap; those of several no more than the originals do; starts keep their order. All end
    within the recording if that can be done within `FASTEST`; else the last ones run over its end.
    """
    order = sorted(range(len(utterances)), key=lambda number: (utterances[number].start, number))
    line = _Line([utterances[number] for number in order], duration_s)
    placed = dict(zip(order, line.placements(), strict=True))
    return [placed[number] for number in range(len(utterances))]


class _Line:
    """Utterances in the order of their starts, and what binds each to those before it."""

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
        """Return how early and how late each may begin and end, so that all others still find their place."""
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
        """Return the least gap to that utterance before which ends last in the original; below 0, they overlap."""
        links = self.before[number]
        return max(links, key=lambda link: self.utterances[link[0]].end)[1] if links else 0.0

    def _set_forward(self, choices: Sequence[Choice], bounds: Sequence[Bounds]) -> None:
        """Set starts as chosen, nearer to the original where what goes before leaves room, and never too early."""
        for number, (one, choice, bound) in enumerate(zip(self.utterances, choices, bounds, strict=True)):
            free = max([bound.first_start, *self.starts[-1:], *self._ends_before(number)])
            self.starts.append(max(free, min(choice.start, max(one.start, bound.first_start))))
            needed = one.stretch_for(bound.end - self.starts[-1] + _EPSILON)
            self.stretches.append(min(max(choice.stretch, needed), fastest(one)))

    def _set_backward(self, bounds: Sequence[Bounds]) -> None:
        """Let those that begin early begin later, and those that were sped up take their time, where there is room.

        Not where a line within one would begin the later for it: that was weighed already.
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
    """Yield for each utterance the last one before it of each speaker, and the least gap to that in seconds."""
    last: dict[str | None, int] = {}
    for number, one in enumerate(utterances):
        yield [(earlier, _gap_s(utterances[earlier], one)) for earlier in last.values()]
        last[one.speaker] = number


def _gap_s(one: Utterance, other: Utterance) -> float:
    """Return the least time between two utterances: of two speakers, as far below 0 as the originals overlap."""
    gap_s = min(other.start - one.end, LEAST_PAUSE_S)
    return max(gap_s, 0.0) if one.speaker == other.speaker else gap_s
