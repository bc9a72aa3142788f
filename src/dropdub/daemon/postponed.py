"""What could not be done now and is tried again a little later, job by job."""

from __future__ import annotations

from dropdub.errors import Waiting
from dropdub.inbox.moving import StillWritten

SOON_S = 1.0
LATER_S = 10.0


class Postponed:
    """Remembers which jobs' files cannot be moved yet, until when to leave them, and why. Times are monotonic."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        self._why: dict[int, str] = {}

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know."""
        return list(self._why.values())

    def put_off(self, job_id: int, error: Exception, now: float) -> None:
        """Leave a job for a while: for a moment where another program is at work, longer where a person must act."""
        self._until[job_id] = now + (SOON_S if isinstance(error, StillWritten) else LATER_S)
        self._why[job_id] = error.sentence if isinstance(error, Waiting) else str(error)

    def is_put_off(self, job_id: int, now: float) -> bool:
        return now < self._until.get(job_id, 0.0)

    def forget(self, job_id: int) -> None:
        self._until.pop(job_id, None)
        self._why.pop(job_id, None)
