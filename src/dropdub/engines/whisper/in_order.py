"""Work on several things at once, and give the results in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(items: Iterable[T], work: Callable[[T], R], *, at_once: int) -> Iterator[R]:
    """Yield `work(item)` for each item in order, up to `at_once` of them under way in threads.

    Items are asked for as they are needed, at most one beyond those under way. The first exception ends it.
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
