"""Sleep and clock changes, computed from three clocks; deadlines that do not expire during sleep."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.awake import CLOCK_SET_S, LONGEST_LOOK_S, SLEEP_S, ClockChange, Countdown, Reading, Turns, between, read

START = Reading(awake=1_000.0, boot=5_000.0, wall=1_700_000_000.0)
TURN_S = 0.5


def later(awake: float, *, asleep: float = 0.0, set_by: float = 0.0, start: Reading = START) -> Reading:
    """Return what Linux' clocks say after some seconds awake, some asleep, and a clock set by some."""
    assert start.boot is not None
    return Reading(start.awake + awake, start.boot + awake + asleep, start.wall + awake + asleep + set_by)


def on_windows(reading: Reading) -> Reading:
    """Return the same as Windows reports it: its one monotonic clock counts sleep."""
    assert reading.boot is not None
    return Reading(reading.boot, None, reading.wall)


@pytest.mark.parametrize(
    ("after", "passage"),
    [
        (later(TURN_S), ClockChange(0, 0)),
        (later(TURN_S, asleep=8 * 3_600), ClockChange(8 * 3_600, 0)),
        (later(TURN_S, set_by=-3_600), ClockChange(0, -3_600)),
        (later(TURN_S, set_by=86_400), ClockChange(0, 86_400)),
        (later(TURN_S, asleep=3_600, set_by=-7_200), ClockChange(3_600, -7_200)),
        (later(TURN_S, set_by=1.0), ClockChange(0, 0)),
        (later(20.0), ClockChange(0, 0)),
        (later(600.0), ClockChange(600, 0)),
    ],
    ids=["turn", "sleep", "set back", "set on", "both", "network time", "held up", "stopped"],
)
def test_sleep_and_clock_changes_are_computed_from_linux_clocks(after: Reading, passage: ClockChange) -> None:
    found = between(START, after)
    assert (found.slept_s, found.set_s) == pytest.approx((passage.slept_s, passage.set_s))


@pytest.mark.parametrize("asleep", [60.0, 8 * 3_600.0])
@pytest.mark.parametrize("set_by", [0.0, -7_200.0, 86_400.0])
def test_sleep_is_detected_on_windows_by_a_late_turn(asleep: float, set_by: float) -> None:
    found = between(on_windows(START), on_windows(later(TURN_S, asleep=asleep, set_by=set_by)))
    assert (found.slept_s, found.set_s) == pytest.approx((asleep + TURN_S, set_by))


@given(st.floats(0, 25), st.floats(0, 1e6), st.floats(-1e8, 1e8))
def test_sleep_and_setting_are_never_mistaken_for_each_other(awake: float, asleep: float, set_by: float) -> None:
    found = between(START, later(awake, asleep=asleep, set_by=set_by))
    assert found.slept_s == pytest.approx(asleep if asleep >= SLEEP_S else 0, abs=SLEEP_S)
    assert found.set_s == pytest.approx(set_by, abs=CLOCK_SET_S + 1e-3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such clock")
def test_the_real_clocks_agree() -> None:
    before = read()
    assert before.boot is not None
    assert between(before, read()) == ClockChange(0, 0)


# -- deadlines ----------------------------------------------------------------------------------------------------


def test_unobserved_time_does_not_use_up_a_countdown() -> None:
    countdown = Countdown(60.0, now=0.0)
    assert countdown.left_s(1.0) == 59.0
    assert countdown.left_s(1.0 + 8 * 3_600) == 59.0 - LONGEST_LOOK_S


@given(st.lists(st.floats(0.01, LONGEST_LOOK_S), min_size=1, max_size=200))
def test_a_countdown_that_is_checked_often_ends_on_time(looks: list[float]) -> None:
    countdown, now = Countdown(100.0, now=0.0), 0.0
    for look in looks:
        now += look
        left = countdown.left_s(now)
    assert left == pytest.approx(100.0 - now)


def test_a_clock_set_back_gives_no_extra_time() -> None:
    countdown = Countdown(10.0, now=100.0)
    assert countdown.left_s(50.0) == 10.0


def test_only_a_late_turn_counts_as_sleep() -> None:
    turns = Turns()
    slept = [turns.slept_s(now) for now in (100.0, 100.5, 129.5, 8_000.0, 8_000.5)]
    assert slept == [0.0, 0.0, 0.0, 8_000.0 - 129.5, 0.0]
