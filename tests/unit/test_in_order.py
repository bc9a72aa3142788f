"""Work done at once, results in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from dropdub.engines.whisper.in_order import in_order


def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    later = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert later.wait(10), "the second item is worked on while the first still is"
        else:
            later.set()
        return number * 10

    assert list(in_order(range(4), work, at_once=2)) == [0, 10, 20, 30]


def test_items_are_requested_only_as_they_are_needed() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    results = in_order(items(), lambda number: number, at_once=2)
    assert next(results) == 0
    assert len(asked) <= 3


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_exception_ends_the_iteration(at_once: int) -> None:
    def work(number: int) -> float:
        return 1 / (number - 2)

    results = in_order(range(5), work, at_once=at_once)
    with pytest.raises(ZeroDivisionError):
        list(results)


@pytest.mark.parametrize("at_once", [1, 3])
def test_other_work_is_done_while_the_threads_work(at_once: int) -> None:
    let_in, here = threading.Event(), threading.get_ident()

    def work(number: int) -> int:
        assert let_in.wait(10), "other work is done meanwhile"
        return number

    def meanwhile() -> None:
        assert threading.get_ident() == here
        let_in.set()

    assert list(in_order(range(3), work, at_once=at_once, meanwhile=meanwhile)) == [0, 1, 2]
