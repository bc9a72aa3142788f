"""What could not be done now and is tried again a little later, job by job, or file by file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from dropdub.errors import Waiting, storable
from dropdub.inbox.move_file import StillWritten

SOON_S = 1.0
LATER_S = 10.0


class Postponed:
    """Remembers which jobs' files cannot be moved yet, until when to leave them, and why. Times are monotonic.

    `key` is a job's id, or of a file that could not even be recorded, its path.
    """

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}
        self._why: dict[Hashable, str] = {}

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know."""
        return list(self._why.values())

    def put_off(self, key: Hashable, error: Exception, now: float) -> None:
        """Leave a job for a while: for a moment where another program is at work, longer where a person must act."""
        self._until[key] = now + (SOON_S if isinstance(error, StillWritten) else LATER_S)
        self._why[key] = storable(error.sentence if isinstance(error, Waiting) else str(error))

    def keep(self, keys: Iterable[Hashable]) -> None:
        """Forget all but these."""
        for key in self._why.keys() - set(keys):
            self.forget(key)

    def is_put_off(self, key: Hashable, now: float) -> bool:
        return now < self._until.get(key, 0.0)

    def forget(self, key: Hashable) -> None:
        self._until.pop(key, None)
        self._why.pop(key, None)
