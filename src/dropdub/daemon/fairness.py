"""Whose file is next: who dropped files take turns, so that nobody's thousand files, or bad ones, hold up another's.

A party is an owner's files in one folder of the inbox. Owners take turns, and each owner's folders among themselves:
on a share every file may have the same owner, while many folders win nobody more than his own turn.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import TypeVar

from dropdub.store.transitions import Party

T = TypeVar("T")


class Turns:
    """Remembers in each pool when whom was served last."""

    def __init__(self) -> None:
        self._number = count(1)
        self._served: defaultdict[tuple[str, object], int] = defaultdict(int)

    def order(self, pool: str, parties: Sequence[Party | None]) -> list[Party | None]:
        """Return the parties, those first whose owner, and then whose folder, was served the longest time ago.

        Where nobody was served yet they stay in the order in which they are given.
        """

        def last(party: Party | None) -> tuple[int, int]:
            return (self._served[pool, party[0]], self._served[pool, party]) if party else (0, 0)

        return sorted(parties, key=last)

    def served(self, pool: str, party: Party) -> None:
        """Take note that a step of this party was begun."""
        self._served[pool, party[0]] = self._served[pool, party] = next(self._number)


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
