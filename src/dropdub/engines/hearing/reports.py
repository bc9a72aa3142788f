"""What a transcriber reports besides its words: suspects, and stretches in other languages."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from dropdub.engines.base import OtherLanguage, Suspect

T = TypeVar("T", Suspect, OtherLanguage)


class Reports:
    """Collects reports until they are taken. Threads may add to it meanwhile: each is taken once."""

    def __init__(self) -> None:
        self.suspects: deque[Suspect] = deque()
        self.others: deque[OtherLanguage] = deque()

    def taken_suspects(self) -> tuple[Suspect, ...]:
        """Return the suspects since the last call, in order of time."""
        return _taken(self.suspects)

    def taken_others(self) -> tuple[OtherLanguage, ...]:
        """Return the stretches in other languages since the last call, in order of time."""
        return _taken(self.others)


def _taken(found: deque[T]) -> tuple[T, ...]:
    taken = [found.popleft() for _ in range(len(found))]
    return tuple(sorted(taken, key=lambda one: one.start))
