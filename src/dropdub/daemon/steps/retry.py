"""When a failed step is retried: exponential backoff with full jitter, stored so that it survives a crash."""

from __future__ import annotations

import random

from dropdub.config import Retry
from dropdub.errors import DeadlineExceeded, DropdubError, TooSlow
from dropdub.stage_table import FINAL_WHEN_LATE

MOST_MEMORY_RETRIES = 6
"""Retries with less memory: as many as the longest ladder has rungs, that of a transcriber on a GPU."""

_MOST_DOUBLINGS = 60
"""Far beyond any maximum pause, but too few to overflow."""


def error_for_retry(error: DropdubError, *, stage: str) -> DropdubError:
    """Return the error to use for a retry decision: a file that cannot be examined in time is refused permanently."""
    if stage in FINAL_WHEN_LATE and isinstance(error, DeadlineExceeded):
        return TooSlow(f"The file could not be examined in time: {error.message}")
    return error


def next_try_at(
    error: DropdubError, *, attempts: int, settings: Retry, now: float, memory_failures: int = 0
) -> float | None:
    """Return when to retry after `attempts` failed attempts (this one included), or None for never.

    Permanent errors are never retried. `memory_failures` of the attempts ran out of memory. After each, the next one
    uses less memory, so up to `MOST_MEMORY_RETRIES` of them do not count as attempts.
    """
    spent = attempts - min(memory_failures, MOST_MEMORY_RETRIES)
    if error.permanent or spent >= settings.attempts:
        return None
    return now + pause_s(max(spent, 1), first=settings.first, longest=settings.longest)


def pause_s(attempts: int, *, first: float, longest: float) -> float:
    """Return the pause in seconds after `attempts` failures.

    Full jitter up to a limit that doubles from `first` to `longest`; at least 1 s, or `first` if that is shorter.
    """
    least = min(1.0, first)
    doublings = min(attempts - 1, _MOST_DOUBLINGS)
    return random.uniform(least, max(min(first * 2**doublings, longest), least))
