"""When a step that broke is tried again: full jitter, growing, stored, so that a crash cannot forget it."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_random_exponential

from dropdub.config import Retry
from dropdub.errors import DropdubError


def next_try_at(error: DropdubError, *, attempts: int, settings: Retry, now: float) -> float | None:
    """Return when to try again after `attempts` failed ones (this one counted), or None for never.

    Permanent errors are never tried again.
    """
    if error.permanent or attempts >= settings.attempts:
        return None
    return now + pause_s(attempts, first=settings.first, longest=settings.longest)


def pause_s(attempts: int, *, first: float, longest: float) -> float:
    """Return how long to wait after `attempts` failed tries: full jitter up to a bound that doubles, at least 1 s."""
    wait = wait_random_exponential(multiplier=first, max=longest, min=min(1.0, first))
    return wait(_state(attempts))


def _state(attempts: int) -> RetryCallState:
    state = RetryCallState(retry_object=Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = attempts
    return state
