"""Which priority goes first: the higher one, but none waits for ever."""

from __future__ import annotations

from collections import Counter

from dropdub.daemon.steps.levels import Levels
from dropdub.store.states import Priority


def claimed(waiting: dict[Priority, int], count: int) -> list[Priority]:
    """Claim steps from queues of these lengths, which are refilled for INTERACTIVE."""
    levels, left, found = Levels(), Counter(waiting), list[Priority]()
    for _ in range(count):
        level = next((one for one in levels.order() if left[one] > 0), None)
        if level is None:
            break
        left[level] -= 1
        levels.claimed(level)
        found.append(level)
    return found


def test_requests_go_first_and_recordings_get_every_fourth_claim() -> None:
    found = claimed({Priority.INTERACTIVE: 100, Priority.NORMAL: 100}, 40)
    assert found[:4] == [Priority.INTERACTIVE] * 3 + [Priority.NORMAL]
    assert Counter(found) == {Priority.INTERACTIVE: 30, Priority.NORMAL: 10}


def test_recordings_get_every_fifth_claim_beside_requests_and_lines_without_end() -> None:
    found = claimed({Priority.INTERACTIVE: 1000, Priority.SOON: 1000, Priority.NORMAL: 1000}, 100)
    assert Counter(found) == {Priority.INTERACTIVE: 60, Priority.SOON: 20, Priority.NORMAL: 20}


def test_low_priority_waits_longest_but_not_for_ever() -> None:
    found = claimed({Priority.INTERACTIVE: 1000, Priority.NORMAL: 1000, Priority.LOW: 1000}, 130)
    assert 9 <= Counter(found)[Priority.LOW] <= 11
    assert Counter(found)[Priority.NORMAL] >= 28


def test_without_requests_recordings_wait_for_nothing() -> None:
    assert claimed({Priority.NORMAL: 5, Priority.LOW: 1}, 10).count(Priority.NORMAL) == 5


def test_what_waits_alone_is_claimed() -> None:
    assert claimed({Priority.LOW: 3}, 10) == [Priority.LOW] * 3
