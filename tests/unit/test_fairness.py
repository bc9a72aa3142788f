"""Who dropped files take turns."""

from __future__ import annotations

from dropdub.daemon.fairness import Turns, in_turns

ANA, BEN = ("1000", None), ("1001", None)
BENS_OTHER = ("1001", "lessons")


def test_who_was_served_the_longest_time_ago_comes_first() -> None:
    turns = Turns()
    assert turns.order("media", [ANA, BEN]) == [ANA, BEN], "nobody was served: the oldest job first"
    turns.served("media", ANA)
    assert turns.order("media", [ANA, BEN]) == [BEN, ANA]
    assert turns.order("translate", [ANA, BEN]) == [ANA, BEN], "each pool has its own turns"
    turns.served("media", BEN)
    assert turns.order("media", [ANA, BEN]) == [ANA, BEN]


def test_many_folders_win_an_owner_no_more_than_one_turn() -> None:
    turns, served = Turns(), []
    for _ in range(8):
        party = turns.order("media", [ANA, BEN, BENS_OTHER])[0]
        assert party is not None
        turns.served("media", party)
        served.append(party)
    assert served == [ANA, BEN, ANA, BENS_OTHER] * 2


def test_all_are_one_party_where_there_is_but_one() -> None:
    assert Turns().order("media", [None]) == [None]


def test_files_are_taken_in_turns() -> None:
    files = [(ANA, number) for number in range(4)] + [(BEN, 4), (BENS_OTHER, 5), (BENS_OTHER, 6)]
    order = [number for _, number in in_turns(files, lambda file: file[0])]
    assert order == [0, 4, 1, 5, 2, 6, 3]
