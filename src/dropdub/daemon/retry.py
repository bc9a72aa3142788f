"""When a step that broke is tried again: full jitter, growing, stored, so that a crash cannot forget it."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_random_exponential

from dropdub.config import Retry
from dropdub.errors import DropdubError


def next_try_at(error: DropdubError, *, attempts: int, settings: Retry, now: float) -> float | None:
    """Return when to try again after `attempts` failed ones (this one counted), or None for never.

    Permanent errors are never tried again. The wait is tenacity's `wait_random_exponential`, at least 1 s.
    """
    if error.permanent or attempts >= settings.attempts:
        return None
    wait = wait_random_exponential(multiplier=settings.first, max=settings.longest, min=min(1.0, settings.first))
    return now + wait(_state(attempts))


def _state(attempts: int) -> RetryCallState:
    state = RetryCallState(retry_object=Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = attempts
    return state
