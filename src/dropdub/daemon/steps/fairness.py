"""Fair scheduling: owners of dropped files take turns, so that one owner's many or bad files never block another's.

A party is one owner's files in one inbox folder. Owners take turns, and each owner's folders take turns within the
owner's share: on a network share all files may have the same owner, and many folders must not earn extra turns.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from dropdub.store.transitions import Party

T = TypeVar("T")
HALF_LIFE_S = 60.0
"""Half-life of recorded usage: a new or long-absent owner goes first only for about this long."""
MIN_COST_S = 0.05
"""Minimum cost of a step, so that many short ones count too."""


class Turns:
    """Records how long workers were recently busy for each party, over all pools. Times are monotonic seconds.

    The party with the least usage goes next, so that one party's long steps, perhaps made long on purpose, are
    compensated for in every pool.
    """

    def __init__(self) -> None:
        self._used: defaultdict[object, _Usage] = defaultdict(_Usage)
        self._running: dict[int, tuple[Party, float]] = {}

    def order(self, parties: Sequence[Party | None], now: float) -> list[Party | None]:
        """Return the parties sorted by recent usage, lowest first: by owner, then by folder. Ties keep their order."""
        if len(parties) == 1:
            return list(parties)
        running: defaultdict[object, float] = defaultdict(float)
        for party, began in self._running.values():
            for user in (party[0], party):
                running[user] += MIN_COST_S + now - began

        def used(party: Party | None) -> tuple[float, float]:
            both = (party[0], party) if party else (None, None)
            return tuple(self._used[user].until(now) + running[user] for user in both)  # type: ignore[return-value]

        return sorted(parties, key=used)

    def began(self, step_id: int, party: Party, now: float) -> None:
        """Record that a worker began a step for a party."""
        self._running[step_id] = (party, now)

    def ended(self, step_id: int, now: float) -> None:
        """Record that a step ended, with whatever outcome."""
        party, began = self._running.pop(step_id, (None, now))
        for user in (party[0], party) if party else ():
            self._used[user].add(MIN_COST_S + now - began, now)


class _Usage:
    """Seconds of usage that decay with a half-life of `HALF_LIFE_S`."""

    def __init__(self) -> None:
        self._seconds = self._at = 0.0

    def until(self, now: float) -> float:
        return self._seconds * math.exp2((self._at - now) / HALF_LIFE_S)

    def add(self, seconds: float, now: float) -> None:
        self._seconds, self._at = self.until(now) + seconds, now


def in_turns(items: Iterable[T], party: Callable[[T], Party]) -> Iterator[T]:
    """Yield items in turns by owner, and by folder within an owner; the order within a folder is kept."""
    owners: defaultdict[str | None, defaultdict[str | None, deque[T]]] = defaultdict(lambda: defaultdict(deque))
    for item in items:
        owner, folder = party(item)
        owners[owner][folder].append(item)
    return _round_robin([_round_robin([iter(folder) for folder in folders.values()]) for folders in owners.values()])


def _round_robin(sources: Sequence[Iterator[T]]) -> Iterator[T]:
    waiting = deque(sources)
    while waiting:
        source = waiting.popleft()
        for item in source:
            yield item
            waiting.append(source)
            break
