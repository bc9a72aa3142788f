"""Moves deferred after an error, per job or per file."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

from dropdub.errors import Waiting, storable
from dropdub.inbox.move_file import StillWritten

SOON_S = 1.0
LATER_S = 10.0


class Postponed:
    """Remembers which files cannot be moved yet, when to retry, and why. Times are monotonic seconds.

    A `key` is a job's id, or the path of a file that could not be recorded.
    """

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}
        self._why: dict[Hashable, str] = {}

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator."""
        return list(self._why.values())

    def put_off(self, key: Hashable, error: Exception, now: float) -> None:
        """Defer a job: briefly if another program is still writing the file, longer if a person must act."""
        self._until[key] = now + (SOON_S if isinstance(error, StillWritten) else LATER_S)
        self._why[key] = storable(error.sentence if isinstance(error, Waiting) else str(error))

    def keep(self, keys: Iterable[Hashable]) -> None:
        """Forget all keys except these."""
        for key in self._why.keys() - set(keys):
            self.forget(key)

    def next_due(self, now: float) -> float:
        """Return when the next of them is to be tried again; infinity if none is put off any longer."""
        return min((until for until in self._until.values() if until > now), default=math.inf)

    def is_put_off(self, key: Hashable, now: float) -> bool:
        return now < self._until.get(key, 0.0)

    def forget(self, key: Hashable) -> None:
        self._until.pop(key, None)
        self._why.pop(key, None)
