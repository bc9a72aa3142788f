"""When a step that broke is tried again: full jitter, growing, stored, so that a crash cannot forget it."""

from __future__ import annotations

import random

from dropdub.config import Retry
from dropdub.errors import DeadlineExceeded, DropdubError, TooSlow

MOST_SQUEEZES = 6
"""As many times less memory can be taken: the longest ladder, that of a transcriber on a graphics card."""

_MOST_DOUBLINGS = 60
"""Far beyond any longest pause, and no number that overflows."""


def as_it_counts(error: DropdubError, *, stage: str) -> DropdubError:
    """Return an error as it counts for a stage: whatever `probe` cannot look at in time is refused, and not once more.

    It does the same for every file, in a small part of its deadline; three tries would hold up everybody's.
    """
    if stage == "probe" and isinstance(error, DeadlineExceeded):
        return TooSlow(f"The file could not be examined in time: {error.message}")
    return error


def next_try_at(error: DropdubError, *, attempts: int, settings: Retry, now: float, squeezes: int = 0) -> float | None:
    """Return when to try again after `attempts` failed ones (this one counted), or None for never.

    Permanent errors are never tried again. `squeezes` of the attempts ran out of memory: each makes the next take less,
    so that these are not the same try again, and cost none of those that are allowed.
    """
    spent = attempts - min(squeezes, MOST_SQUEEZES)
    if error.permanent or spent >= settings.attempts:
        return None
    return now + pause_s(max(spent, 1), first=settings.first, longest=settings.longest)


def pause_s(attempts: int, *, first: float, longest: float) -> float:
    """Return how long to wait after `attempts` failed tries: full jitter up to a bound that doubles, at least 1 s."""
    least = min(1.0, first)
    doublings = min(attempts - 1, _MOST_DOUBLINGS)
    return random.uniform(least, max(min(first * 2**doublings, longest), least))
