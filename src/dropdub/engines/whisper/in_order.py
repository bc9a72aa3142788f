"""Process several items concurrently, and yield the results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(items: Iterable[T], work: Callable[[T], R], *, at_once: int) -> Iterator[R]:
    """Yield `work(item)` for each item in order, with up to `at_once` of them in progress in threads.

    Items are consumed as needed, at most one beyond those in progress. The first exception ends the iteration.
    """
    if at_once <= 1:
        yield from map(work, items)
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="window") as threads:
        try:
            for item in items:
                waiting.append(threads.submit(work, item))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
