"""How lines are to be spoken so that they fit: the rate, and the wording."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.dubbing.pacing import FASTEST_RATE, rates, shorter_wordings, together_of, too_long, wording_of
from dropdub.dubbing.placement import place
from dropdub.dubbing.utterances import Piece, Utterance
from dropdub.engines.translating.wordings import SHORTER, shorter_than
from dropdub.pipeline.artifacts import Segment
from dropdub.pipeline.spoken_lines import Spoken, load_spoken, save_spoken
from dropdub.speech.sentences import Fragment, Sentence

LONG, SHORT, SHORTEST = "a" * 100, "b" * 80, "c" * 50


def row(*lengths: float) -> list[Utterance]:
    """Utterances of 2 s without a pause between, spoken in the given number of seconds."""
    return [
        Utterance((Piece(number, 2.0 * number, 2.0 * number + 2.0, length),)) for number, length in enumerate(lengths)
    ]


def segment(number: int, *shorter: str, text: str = LONG) -> Segment:
    return Segment(number, 0.0, 1.0, text, shorter=shorter)


def test_only_a_line_that_is_too_long_is_spoken_faster_up_to_the_limit() -> None:
    said = row(1.5, 2.3, 1.5, 4.0, 1.0)
    wanted = rates(said, place(said, 10.0))
    assert 0 not in wanted and 2 not in wanted
    assert 1.02 <= wanted[1] <= 1.2 and wanted[3] == FASTEST_RATE


def test_a_line_too_long_even_at_full_speed_is_shortened_by_its_excess() -> None:
    said = row(1.5, 2.2, 4.0, 1.5)
    shares = too_long(said, place(said, 8.0))
    assert set(shares) == {2}, "a line that fits a little faster keeps its words"
    assert 0.5 <= shares[2] <= 0.8
    assert too_long(row(1.0, 1.0), place(row(1.0, 1.0), 4.0)) == {}


@pytest.mark.parametrize(("share", "wording"), [(0.9, 1), (0.8, 1), (0.6, 2), (0.1, 2)])
def test_the_longest_wording_that_is_short_enough_is_taken(share: float, wording: int) -> None:
    lines = [segment(0, SHORT, SHORTEST), segment(1, SHORT)]
    assert shorter_wordings(lines, [frozenset({0}), frozenset({1})], {0: share}) == {0: wording}


def test_parts_of_one_sentence_take_the_same_wording() -> None:
    lines = [segment(0, SHORT, SHORTEST), segment(1, SHORT), segment(2, SHORT)]
    assert shorter_wordings(lines, [frozenset({0, 1}), frozenset({2})], {1: 0.7}) == {0: 2, 1: 2}
    assert wording_of(lines[1], 2) == SHORT, "what has no shorter one keeps its last"


def test_a_line_without_another_wording_stays() -> None:
    assert shorter_wordings([segment(0)], [frozenset({0})], {0: 0.5}) == {}


def test_segments_that_share_a_sentence_are_grouped_even_across_a_third() -> None:
    def sentence(*ids: int) -> Sentence:
        return Sentence(tuple(Fragment(number, "a", 1.0) for number in ids))

    found = together_of([sentence(0), sentence(0, 1), sentence(1, 2), sentence(3), sentence(4, 5)])
    assert found == [{0, 1, 2}, {3}, {4, 5}]


@given(st.lists(st.text("ab ", max_size=40), min_size=1, max_size=6))
def test_each_shorter_wording_is_shorter_than_the_one_before(wordings: list[str]) -> None:
    found = [wordings[0], *shorter_than(wordings[0], wordings)]
    assert all(len(after) <= (1 - SHORTER) * len(before) for before, after in pairwise(found))
    assert all(one.strip() for one in found[1:]) and set(found) <= set(wordings)
    least = min((len(one) for one in wordings if one.strip()), default=0)
    assert len(found) > 1 or least > (1 - SHORTER) * len(wordings[0]) or least == 0


def test_each_way_of_speaking_a_line_has_a_file_of_its_own() -> None:
    ways = [Spoken(7, "a"), Spoken(7, "a", rate=1.1), Spoken(7, "b", wording=1), Spoken(7, "b", 1.1, 1)]
    files = [way.file(take) for way in ways for take in (0, 1)]
    assert files[:2] == ["0007.wav", "0007.2.wav"] and len(set(files)) == len(files)


def test_what_was_spoken_is_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("a b") / "spoken.pt.json"
    lines = [Spoken(0, "Olá"), Spoken(3, "Não", 1.14, 2)]
    save_spoken(path, lines)
    assert load_spoken(path) == lines
