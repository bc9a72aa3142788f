"""The loop of a client that does not give up: it tries again when it is cut off, until there is an answer."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.acceptance.served import Served

LATER = (429, 503)
"""Answers that ask a client to try again later."""
LOOK_AGAIN_S = 0.1


def try_until(is_done: Callable[[], bool], attempt: Callable[[], None], served: Served, *, timeout_s: float) -> None:
    """Make attempts, whenever the server can be reached, until there is an answer or the time is over."""
    ends_at = time.monotonic() + timeout_s
    while not is_done() and time.monotonic() < ends_at:
        if served.answers():
            attempt()
        if not is_done():
            time.sleep(LOOK_AGAIN_S)
