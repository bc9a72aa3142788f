"""Process several items concurrently, and yield the results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
LOOK_S = 0.05
"""How often `meanwhile` is called."""


def in_order(
    items: Iterable[T], work: Callable[[T], R], *, at_once: int, meanwhile: Callable[[], None] | None = None
) -> Iterator[R]:
    """Yield `work(item)` for each item in order, with up to `at_once` of them in progress in threads.

    Items are consumed as needed, at most one beyond those in progress. The first exception ends the iteration.
    `meanwhile` is called again and again, in the calling thread, while it waits for the threads.
    """
    if at_once <= 1 and meanwhile is None:
        yield from map(work, items)
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(max(at_once, 1), thread_name_prefix="window") as threads:
        try:
            for item in items:
                waiting.append(threads.submit(work, item))
                if len(waiting) > at_once:
                    yield _result(waiting.popleft(), meanwhile)
            while waiting:
                yield _result(waiting.popleft(), meanwhile)
        finally:
            for future in waiting:
                future.cancel()


def _result(future: Future[R], meanwhile: Callable[[], None] | None) -> R:
    while meanwhile is not None and not wait([future], timeout=LOOK_S).done:
        meanwhile()
    return future.result()
