"""Corrected cues applied to the segments that they were made of."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from dropdub.config import SubtitleStyle
from dropdub.pipeline.artifacts import Segment, voice_name
from dropdub.subtitles.formats import Cue, write_srt
from dropdub.subtitles.layout import layout
from dropdub.subtitles.user_edits import changed, renamed, revised, segments_of, starts_match
from tests.subtitles import cues_of

LONG = "This is a line that is so long that it takes several subtitles, one after the other, until all of it was shown."
SPOKEN = (
    Segment(0, 0.5, 2.0, "Good morning.", speaker="S1"),
    Segment(1, 2.1, 2.3, "Yes.", speaker="S2"),
    Segment(2, 2.35, 2.5, "Yes.", speaker="S1"),
    Segment(3, 3.0, 11.0, LONG, speaker="S2"),
    Segment(4, 11.2, 14.0, "That was all.", speaker="S1"),
)


def shown(segments: tuple[Segment, ...] = SPOKEN) -> list[Cue]:
    return layout(segments, SubtitleStyle())


def edited(cues: list[Cue], old: str, new: str) -> list[Cue]:
    found = [replace(cue, lines=tuple(line.replace(old, new) for line in cue.lines)) for cue in cues]
    assert found != cues
    return found


def test_unchanged_text_stays_exactly_the_same() -> None:
    assert revised(SPOKEN, shown()) == SPOKEN
    assert changed(SPOKEN, SPOKEN) == 0


def test_one_corrected_cue_changes_one_segment_and_nothing_else() -> None:
    after = revised(SPOKEN, edited(shown(), "several", "many"))
    assert after[3].text == LONG.replace("several", "many") and after[3].start == 3.0
    assert [*after[:3], after[4]] == [*SPOKEN[:3], SPOKEN[4]]
    assert changed(SPOKEN, after) == 1


def test_a_corrected_line_loses_its_shorter_wordings() -> None:
    before = tuple(replace(one, shorter=("Less.",)) for one in SPOKEN)
    after = revised(before, edited(shown(), "Good morning.", "Bom dia a todos!"))
    assert [one.shorter for one in after] == [(), *(("Less.",),) * 4]


def test_a_rewritten_cue_stays_where_it_was() -> None:
    after = revised(SPOKEN, edited(shown(), "Good morning.", "Bom dia a todos!"))
    assert after[0] == replace(SPOKEN[0], text="Bom dia a todos!")
    assert after[1:] == SPOKEN[1:]


def test_a_deleted_cue_leaves_its_segment_without_text() -> None:
    after = revised(SPOKEN, [cue for cue in shown() if cue.text != "That was all."])
    assert after == (*SPOKEN[:4], replace(SPOKEN[4], text=""))


def test_a_cue_where_nothing_was_said_becomes_a_line_of_whoever_is_nearest() -> None:
    after = revised(SPOKEN, [*shown(), Cue(30.0, 31.0, ("One", "more."))])
    assert after == (*SPOKEN, Segment(5, 30.0, 31.0, "One more.", speaker="S1"))


def test_a_cue_that_was_moved_far_moves_its_line() -> None:
    cues = shown()
    after = revised(SPOKEN, [*cues[:-1], replace(cues[-1], start=15.9, end=17.0)])
    assert (after[4].start, after[4].end) == (15.9, 17.0)


def test_foreign_subtitles_become_the_lines_themselves() -> None:
    cues = [Cue(number * 3.0, number * 3 + 2.0, (f"Nothing of this {number}",)) for number in range(5)]
    after = revised(SPOKEN, cues)
    assert [(one.id, one.start, one.text) for one in after] == [
        (number, number * 3.0, f"Nothing of this {number}") for number in range(5)
    ]
    assert {one.speaker for one in after} == {"S1", "S2"}


def test_cues_resemble_the_segments_they_were_made_of_and_not_others() -> None:
    starts = [cue.start for cue in shown()]
    assert starts_match(starts, SPOKEN)
    assert starts_match(starts[1:], SPOKEN)
    assert not starts_match([start + 0.7 for start in starts], SPOKEN)
    assert not starts_match(starts, ())


WORDS = st.lists(
    st.sampled_from(("yes", "no", "a", "small", "house", "and", "the", "water is", "red")), min_size=1, max_size=25
)


@st.composite
def speech(draw: st.DrawFn) -> tuple[Segment, ...]:
    """Segments one after another, as short and as near to each other as speech is."""
    found: list[Segment] = []
    now = 0.0
    for number, words in enumerate(draw(st.lists(WORDS, min_size=1, max_size=12))):
        start = now + draw(st.floats(0.0, 3.0))
        now = start + 0.1 + 0.3 * len(words)
        found.append(Segment(number, round(start, 2), round(now, 2), " ".join(words).capitalize() + "."))
    return tuple(found)


@given(speech())
def test_untouched_subtitles_change_nothing(segments: tuple[Segment, ...]) -> None:
    assert revised(segments, shown(segments)) == segments


@given(speech(), st.data())
def test_a_correction_changes_its_own_segment_alone(segments: tuple[Segment, ...], data: st.DataObject) -> None:
    assume(len(segments) > 2 and len({one.text for one in segments}) == len(segments))
    cues = shown(segments)
    place = data.draw(st.integers(0, len(cues) - 1))
    first, *rest = cues[place].lines
    cues[place] = replace(cues[place], lines=(f"{first} indeed", *rest))
    after = revised(segments, cues)
    assert len(after) == len(segments)
    assert changed(segments, after) == 1


@given(st.lists(st.tuples(st.floats(0, 90), st.floats(0.1, 9)), max_size=9), st.floats(1, 60))
def test_no_segment_of_cues_passes_the_end(times: list[tuple[float, float]], end_s: float) -> None:
    cues = [Cue(start, start + length, ("x",)) for start, length in times]
    found = segments_of(cues, end_s=end_s)
    assert all(one.start < end_s and one.start <= one.end <= end_s for one in found)
    assert len(found) == sum(cue.start < end_s for cue in cues)


def test_a_correction_in_a_cue_that_two_share_changes_one_of_them() -> None:
    cues = shown()
    assert any(cue.text == "-Good morning.\n-Yes." for cue in cues), "two speakers share the first cue"
    after = revised(SPOKEN, edited(cues, "-Yes.", "-Indeed."))
    assert [one.text for one in after[:2]] == ["Good morning.", "Indeed."]
    assert [after[0], *after[2:]] == [SPOKEN[0], *SPOKEN[2:]]
    both = revised(SPOKEN, edited(edited(cues, "-Yes.", "-Indeed."), "-Good morning.", "-Servus."))
    assert [one.text for one in both] == ["Servus.", "Indeed.", *(one.text for one in SPOKEN[2:])]


def test_a_foreign_cue_that_two_share_becomes_two_lines() -> None:
    lines = segments_of([Cue(1.0, 3.0, ("- Good morning.", "- Yes."))])
    assert [(one.id, one.text) for one in lines] == [(0, "Good morning."), (1, "Yes.")]


def test_published_subtitles_without_changes_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "talk.srt"
    write_srt(shown(), file)
    cues = cues_of(file.read_text(encoding="utf-8"), kind="srt")
    assert any(len(cue.lines) == 2 and cue.lines[0].startswith("-") for cue in cues), "two speakers share a cue"
    assert revised(SPOKEN, cues) == SPOKEN


def test_a_dash_before_all_that_is_said_is_no_correction() -> None:
    spoken = (Segment(0, 1.0, 3.0, "- Hello, you."),)
    assert revised(spoken, [Cue(1.0, 3.0, ("Hello, you.",))]) == spoken


def test_speakers_get_their_new_names_and_two_of_one_name_become_one() -> None:
    swapped = renamed(SPOKEN, {"S1": "S2", "S2": "S1"})
    assert [one.speaker for one in swapped] == ["S2", "S1", "S2", "S1", "S2"]
    assert changed(SPOKEN, swapped) == 0
    assert {one.speaker for one in renamed(SPOKEN, {"S1": "Ana", "S2": "Ana"})} == {"Ana"}
    assert renamed([replace(SPOKEN[0], speaker=None)], {"S1": "Ana"})[0].speaker is None


def test_no_name_of_a_speaker_leads_out_of_the_work_folder() -> None:
    names = [
        voice_name(one) for one in (None, "S1", "S12", "Ana", "ana", "../../x", "a/b", "CON", "Zoë\u202e", "S" * 99)
    ]
    assert names[:3] == ["voice.wav", "voice.S1.wav", "voice.S12.wav"]
    assert len(set(map(str.lower, names))) == len(names)
    assert all(re.fullmatch(r"voice\.[0-9a-f]{16}\.wav", one) for one in names[3:])
