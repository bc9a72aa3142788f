"""Two speakers in one cue."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.config import SubtitleStyle
from dropdub.subtitles.dialogue import halves_of
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.layout import layout
from tests.unit.test_subtitles import STYLE, Said, shown, solid


def by(speaker: str | None, start: float, end: float, text: str) -> Said:
    return Said(start, end, text, speaker=speaker)


QUICK = [by("S1", 0, 0.6, "Are you coming?"), by("S2", 0.7, 1.2, "In a minute."), by("S1", 4, 6, "He came much later.")]


def test_quick_words_of_two_speakers_share_a_cue_each_after_a_dash() -> None:
    cues = layout(QUICK, STYLE, language="en")
    assert shown(cues) == [("-Are you coming?", "-In a minute."), ("He came much later.",)]
    assert cues[0].start == 0 and cues[0].end >= 27 / 17


def test_french_has_a_space_after_the_dash() -> None:
    assert shown(layout(QUICK, STYLE, language="fr"))[0] == ("- Are you coming?", "- In a minute.")


@pytest.mark.parametrize(
    "said",
    [
        [replace(one, speaker="S1") for one in QUICK],
        [replace(one, speaker=None) for one in QUICK],
        [by("S1", 0, 2, "Are you coming?"), by("S2", 3, 5, "In a minute.")],
        [by("S1", 0, 0.6, "Are you coming?"), by("S2", 2.0, 2.5, "In a minute.")],
        [by("S1", 0, 0.6, "-Are you coming?"), by("S2", 0.7, 1.2, "In a minute.")],
        [by("S1", 0, 0.6, "x" * 42), by("S2", 0.7, 1.2, "In a minute.")],
    ],
    ids=["one speaker", "unknown", "slow", "a pause between", "a dash of its own", "no room for the dash"],
)
def test_otherwise_each_speaker_has_a_cue(said: list[Said]) -> None:
    assert len(layout(said, STYLE)) == len(said)


def test_with_one_line_per_cue_speakers_do_not_share_a_cue() -> None:
    assert len(layout(QUICK, SubtitleStyle(lines=1))) == 3


def test_three_speakers_never_share_a_cue() -> None:
    said = [by(f"S{number}", number * 0.5, number * 0.5 + 0.4, "Yes.") for number in range(3)]
    assert shown(layout(said, STYLE)) == [("-Yes.", "-Yes."), ("Yes.",)]


TURNS = st.lists(
    st.tuples(st.sampled_from(["S1", "S2", None]), st.floats(0, 3), st.floats(0.1, 4), st.text("ab .-", max_size=60)),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(TURNS)
def test_every_word_appears_once_in_order_and_no_cue_overlaps_the_next(
    turns: list[tuple[str | None, float, float, str]],
) -> None:
    said, now = [], 0.0
    for speaker, pause, length, text in turns:
        said.append(by(speaker, now + pause, now + pause + length, text))
        now += pause + length
    cues = layout(said, STYLE)
    shared = [cue for cue in cues if len(cue.lines) == 2 and all(line.startswith("-") for line in cue.lines)]
    bare = "".join(line.removeprefix("-") if cue in shared else line for cue in cues for line in cue.lines)
    assert solid(bare).replace("-", "") == solid("".join(one.text for one in said)).replace("-", "")
    assert all(len(line) <= 42 for cue in cues for line in cue.lines)
    assert all(a.end <= b.start for a, b in pairwise(cues))


def test_a_shared_cue_is_split_into_what_each_speaker_says() -> None:
    first, second = halves_of(Cue(1.0, 3.0, ("-Good morning.", "– Yes.")))
    assert (first.lines, second.lines) == (("Good morning.",), ("Yes.",))
    assert first.start == 1.0 and first.end == second.start and second.end == 3.0
    assert second.start > 2.0, "the longer line has the longer part"


@pytest.mark.parametrize("lines", [("-Good morning.",), ("-Good", "morning."), ("Good", "morning.")])
def test_a_cue_of_one_speaker_stays_as_it_is(lines: tuple[str, ...]) -> None:
    cue = Cue(1.0, 3.0, lines)
    assert halves_of(cue) == [cue]
