"""Whose file is next: who dropped files take turns, so that nobody's thousand files, or bad ones, hold up another's.

A party is an owner's files in one folder of the inbox. Owners take turns, and each owner's folders among themselves:
on a share every file may have the same owner, while many folders win nobody more than his own turn.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from dropdub.store.transitions import Party

T = TypeVar("T")
FADES_S = 60.0
"""Who comes new, or was long away, is not before all others for longer than that."""
LEAST_S = 0.05
"""What a step costs at the least, so that many short ones count, too."""


class Turns:
    """Remembers how long workers were busy for whom lately, in all pools together. Times are monotonic seconds.

    Who has used least is next: so long steps of one, which may be meant to be long, are made up for in every pool.
    """

    def __init__(self) -> None:
        self._used: defaultdict[object, _Use] = defaultdict(_Use)
        self._under_way: dict[int, tuple[Party, float]] = {}

    def order(self, parties: Sequence[Party | None], now: float) -> list[Party | None]:
        """Return the parties, those first whose owner, and then whose folder, workers were the least busy for.

        Where nothing tells them apart they stay in the order in which they are given.
        """
        if len(parties) == 1:
            return list(parties)
        running: defaultdict[object, float] = defaultdict(float)
        for party, began in self._under_way.values():
            for one in (party[0], party):
                running[one] += LEAST_S + now - began

        def used(party: Party | None) -> tuple[float, float]:
            both = (party[0], party) if party else (None, None)
            return tuple(self._used[one].until(now) + running[one] for one in both)  # type: ignore[return-value]

        return sorted(parties, key=used)

    def began(self, step_id: int, party: Party, now: float) -> None:
        """Take note that a worker has begun a step for a party."""
        self._under_way[step_id] = (party, now)

    def ended(self, step_id: int, now: float) -> None:
        """Take note that a step has ended, however it did."""
        party, began = self._under_way.pop(step_id, (None, now))
        for one in (party[0], party) if party else ():
            self._used[one].add(LEAST_S + now - began, now)


class _Use:
    """Seconds that fade: what was used `FADES_S` ago counts half."""

    def __init__(self) -> None:
        self._seconds = self._at = 0.0

    def until(self, now: float) -> float:
        return self._seconds * math.exp2((self._at - now) / FADES_S)

    def add(self, seconds: float, now: float) -> None:
        self._seconds, self._at = self.until(now) + seconds, now


def in_turns(items: Iterable[T], party: Callable[[T], Party]) -> Iterator[T]:
    """Yield items owner by owner in turn, and each owner's folder by folder; within a folder the order stays."""
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
