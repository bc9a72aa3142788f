from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import Retry
from dropdub.daemon.steps.retry import MOST_MEMORY_RETRIES, next_try_at
from dropdub.errors import DropdubError, NoAudio, OutOfMemory, WorkerDied

SETTINGS = Retry(attempts=4, first=10, longest=60)


def test_a_permanent_error_is_never_tried_again() -> None:
    assert next_try_at(NoAudio("no sound"), attempts=1, settings=SETTINGS, now=0.0) is None


def test_a_transient_error_is_tried_until_the_attempts_are_spent() -> None:
    tries = [next_try_at(WorkerDied("gone"), attempts=n, settings=SETTINGS, now=0.0) for n in (1, 2, 3, 4)]
    assert [at is not None for at in tries] == [True, True, True, False]


def test_out_of_memory_retries_take_less_each_time_and_spend_no_attempt() -> None:
    def tries(error: DropdubError, attempts: int, memory_failures: int) -> bool:
        return (
            next_try_at(error, attempts=attempts, settings=SETTINGS, now=0.0, memory_failures=memory_failures)
            is not None
        )

    assert all(tries(OutOfMemory("full"), n, n) for n in range(1, MOST_MEMORY_RETRIES + 4))
    assert not tries(OutOfMemory("full"), MOST_MEMORY_RETRIES + 4, MOST_MEMORY_RETRIES + 4)
    assert tries(WorkerDied("gone"), 5, 2)
    assert not tries(WorkerDied("gone"), 6, 2)


@given(st.integers(1, 3), st.floats(0, 2e9))
def test_the_next_try_is_between_one_second_and_the_longest_wait_away(attempts: int, now: float) -> None:
    at = next_try_at(WorkerDied("gone"), attempts=attempts, settings=SETTINGS, now=now)
    assert at is not None
    assert now + 0.999 <= at <= now + 60.001


def test_the_longest_possible_wait_grows_with_the_attempts() -> None:
    def longest(attempts: int) -> float:
        return max(next_try_at(WorkerDied("x"), attempts=attempts, settings=SETTINGS, now=0.0) or 0 for _ in range(300))

    assert longest(1) <= 10.001 < longest(3)
