"""Wait for a condition, with a deadline whose failure says what was awaited."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 120) -> None:
    """Return as soon as `condition` holds; fail with `what` was awaited if it does not in time.

    The time is for a machine that is busy with other work: it says nothing about how fast something is to be.
    """
    ends_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > ends_at:
            raise AssertionError(f"waited {timeout_s:.0f} s for: {what}")
        time.sleep(0.05)  # many tests look at once, and each look costs a millisecond
