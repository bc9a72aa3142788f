"""People who dropped files take turns."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial

import pytest

from dropdub.daemon.mover import Mover
from dropdub.daemon.steps.fairness import HALF_LIFE_S, Turns, in_turns
from tests.waiting import wait_until

ANA, BEN = ("1000", None), ("1001", None)
BENS_OTHER = ("1001", "lessons")


def worked(
    turns: Turns, parties: list[tuple[str | None, str | None]], lasting: dict[object, float], until: float
) -> Counter[object]:
    """Let one worker do steps of these parties, of the given lengths; return how long it was busy for each."""
    now, busy = 0.0, Counter[object]()
    for step in range(10_000):
        party = turns.order(parties, now)[0]
        assert party is not None
        turns.began(step, party, now)
        now += lasting[party]
        turns.ended(step, now)
        busy[party] += lasting[party]  # type: ignore[assignment]
        if now > until:
            break
    return busy


def test_whoever_has_used_least_is_next() -> None:
    turns = Turns()
    assert turns.order([ANA, BEN], 0.0) == [ANA, BEN], "nobody was served: the oldest job first"
    turns.began(1, ANA, 0.0)
    assert turns.order([ANA, BEN], 0.0) == [BEN, ANA], "what is under way counts"
    turns.ended(1, 5.0)
    turns.began(2, BEN, 5.0)
    turns.ended(2, 6.0)
    assert turns.order([ANA, BEN], 6.0) == [BEN, ANA]


def test_long_steps_are_made_up_for() -> None:
    busy = worked(Turns(), [ANA, BEN], {ANA: 0.1, BEN: 7.0}, until=300)
    assert busy[ANA] > busy[BEN] / 2, "taking turns by number, it would be a seventieth"


def test_many_folders_give_an_owner_no_larger_share() -> None:
    busy = worked(Turns(), [ANA, BEN, BENS_OTHER], {ANA: 1.0, BEN: 1.0, BENS_OTHER: 1.0}, until=300)
    assert busy[ANA] == pytest.approx(busy[BEN] + busy[BENS_OTHER], rel=0.1)
    assert busy[BEN] == pytest.approx(busy[BENS_OTHER], rel=0.1)


def test_a_newcomer_is_preferred_only_briefly_over_one_who_worked_for_hours() -> None:
    turns = Turns()
    worked(turns, [BEN], {BEN: 10.0}, until=7_200)
    busy = Counter[object]()
    now = 7_200.0
    for step in range(20_000, 20_000 + int(4 * HALF_LIFE_S)):
        party = turns.order([ANA, BEN], now)[0]
        assert party is not None
        turns.began(step, party, now)
        now += 1.0
        turns.ended(step, now)
        busy[party] += 1
    assert busy[BEN] > HALF_LIFE_S


def test_a_single_party_takes_all_turns() -> None:
    assert Turns().order([None], 0.0) == [None]


def test_files_are_taken_in_turns() -> None:
    files = [(ANA, number) for number in range(4)] + [(BEN, 4), (BENS_OTHER, 5), (BENS_OTHER, 6)]
    order = [number for _, number in in_turns(files, lambda file: file[0])]
    assert order == [0, 4, 1, 5, 2, 6, 3]


def test_no_owners_file_waits_until_all_of_anothers_are_moved() -> None:
    began = threading.Event()
    done: list[int] = []
    mover = Mover(lambda: None)
    try:
        mover.submit(1, began.wait, of="anna")
        for number in range(2, 7):
            mover.submit(number, partial(done.append, number), of="anna")
        mover.submit(7, partial(done.append, 7), of="bert")
        mover.submit(8, partial(done.append, 8), of="bert", is_ending=True)
        began.set()
        wait_until(lambda: len(done) == 7, "all to be moved")
    finally:
        mover.stop(grace_s=5)
    assert done == [8, 7, 2, 3, 4, 5, 6]
