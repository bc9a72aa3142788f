"""The steps that one worker has: the one that it was given when it was idle, and its asides."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.pool.messages import OfStep, Run
from dropdub.stage_table import ADMIT_ASIDES

MOST_ASIDES = 2
"""If a long text is an aside, a short one need not wait for its end."""
LEAST_PROGRESS = 0.001
"""The progress, as a share of a step, that moves its deadline."""


@dataclass
class Assigned:
    """A step that a worker has been given. Times are monotonic seconds.

    `since`: when it began; the time that an aside took is left out. `peak` in bytes. `is_wanted`: nobody cancelled it.
    `uses`: the engine of another package that it uses, with that package, if it does.
    """

    run: Run
    since: float
    peak: int
    has_begun: bool
    is_wanted: bool = True
    uses: str = ""

    def __post_init__(self) -> None:
        self.share = self.run.done
        self._extended_at_share = 0.0

    @property
    def stage(self) -> str:
        return str(self.run.payload.get("stage", "The step"))

    def is_meant_by(self, message: OfStep) -> bool:
        return (self.run.step_id, self.run.token) == (message.step_id, message.token)

    def ran_s(self, now: float) -> float:
        """Return how long it has run; 0 if it began only after the caller looked at the clock."""
        return max(0.0, now - self.since) if self.has_begun else 0.0

    def record(self, share: float) -> bool:
        """Record the completed share; return whether that is enough progress to move its deadline."""
        self.share = max(share, self.share)
        if share - self._extended_at_share < LEAST_PROGRESS:
            return False
        self._extended_at_share = share
        return True


class Workload:
    """The main step of a worker, and the asides that it runs between two pieces of it, or of one another.

    Of the asides, in the order in which they were sent, only the last one may not have begun.
    """

    def __init__(self) -> None:
        self.main: Assigned | None = None
        self.asides: list[Assigned] = []

    @property
    def current(self) -> Assigned | None:
        """What the worker is doing now."""
        return next((one for one in reversed(self.asides) if one.has_begun), self.main)

    @property
    def takes_aside(self) -> bool:
        has_room = len(self.asides) < MOST_ASIDES and all(one.has_begun for one in self.asides)
        return has_room and self.main is not None and self.main.stage in ADMIT_ASIDES

    def all(self) -> list[Assigned]:
        return [*([self.main] if self.main is not None else []), *self.asides]

    def find(self, message: OfStep) -> Assigned | None:
        """Return the step that a message is about; None for a message about an earlier one."""
        return next((one for one in self.all() if one.is_meant_by(message)), None)
