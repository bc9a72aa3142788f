"""Processing a dropped file's words costs time in proportion to their number, however they are cut."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from dropdub.config import SubtitleStyle
from dropdub.dubbing import verification
from dropdub.dubbing.pacing import together_of
from dropdub.dubbing.utterances import MOST_PIECES, joined
from dropdub.dubbing.verification import judge, likeness
from dropdub.dubbing.word_errors import word_errors
from dropdub.engines.base import Word
from dropdub.pipeline.artifacts import TRANSCRIPT, Segment, TimedWord, Transcript
from dropdub.publishing.deliverables import LONGEST_PARAGRAPH, readable
from dropdub.report.contents import _originals
from dropdub.sentence_ends import sentences
from dropdub.speech.sentences import sentences_of
from dropdub.subtitles.dialogue import Draft, share_cues
from dropdub.subtitles.layout import layout
from dropdub.text.reading import MOST_CHARACTERS, cut
from tests.calls import calls_of
from tests.drive import LIGHT, Drive

if sys.platform == "win32":
    pytest.skip("the limit on processor time is POSIX; the code is the same", allow_module_level=True)

from tests.security.parsers import TookTooLong, cpu_limit

Made = TypeVar("Made")
MOST_S = 10.0
"""Ten times what each takes here; before, each took longer."""


def bounded(make: Callable[[], Made]) -> Made:
    try:
        with cpu_limit(MOST_S):
            return make()
    except TookTooLong:
        pytest.fail(f"It took over {MOST_S} s of the processor.", pytrace=False)


def in_a_row(texts: list[str], *, length_s: float = 2.0) -> list[Segment]:
    return [Segment(at, at * length_s, (at + 1) * length_s, text) for at, text in enumerate(texts)]


# Subtitles


def test_work_for_laying_out_short_words_grows_linearly_with_the_line() -> None:
    said = in_a_row(["a " * 600])
    narrow, wide = (
        calls_of(lambda style=style: layout(said, style))
        for style in (SubtitleStyle(line_length=30), SubtitleStyle(line_length=120, max_duration=30))
    )
    assert wide < 8 * narrow


def test_a_corrected_text_unlike_what_was_heard_is_not_compared_for_minutes() -> None:
    heard = tuple(TimedWord(at / 10, at / 10 + 0.1, "eeee", 1.0) for at in range(2_000))
    for words, text in ((heard[:125], "eeeef" * 2_000), (heard, "eeeef" * 2_000)):
        cues = bounded(
            lambda words=words, text=text: layout([Segment(0, 0.0, 9.0, text, words=words)], SubtitleStyle())
        )
        assert "".join(line for cue in cues for line in cue.lines) == text


def test_a_hundred_thousand_drafts_share_cues_in_linear_time() -> None:
    drafts = [Draft(at, at + 1.0, ("a",)) for at in range(160_000)]
    assert bounded(lambda: share_cues(drafts, SubtitleStyle(), gap=0.08, dash="-")) == drafts


# Texts


def test_speech_without_full_stops_is_split_into_paragraphs() -> None:
    said = [Segment(at, 1.0, 2.0, "x" * 90) for at in range(50_000)]
    paragraphs = bounded(lambda: readable(said)).split("\n\n")
    assert max(map(len, paragraphs)) <= LONGEST_PARAGRAPH + 90
    assert "".join("".join(paragraphs).split()) == "x" * 90 * 50_000


@pytest.mark.parametrize("text", ["a " * 6_000, "A b. " * 3_000, "漢" * 12_000, "- a\n" * 3_000, "x" * 12_000])
def test_an_endless_paragraph_is_cut_and_loses_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    drive = Drive(path, tmp_path, options=LIGHT.overridden({"targets": []}))
    drive.run_step(drive.step("probe"))
    drive.run_step(drive.step("extract"))
    found = [one.text for one in Transcript.load(drive.job_dir / TRANSCRIPT).segments]
    assert 1 < len(found) <= 4 and max(map(len, found)) <= MOST_CHARACTERS
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_paragraph_as_people_write_it_is_not_cut() -> None:
    paragraph = "- It was night.\n" * 300
    assert cut(paragraph) == [paragraph]


@pytest.mark.parametrize("text", [".", ". ", ".)", ".(", "A. ", "a.", "…", "。", "」", "1. ", " ", "。)"])
def test_sentences_of_marks_alone_are_found_in_linear_time(text: str) -> None:
    garbage = text * (400_000 // len(text))
    assert "".join("".join(bounded(lambda: sentences(garbage))).split()) == "".join(garbage.split())


# The dub and its report


def test_word_errors_of_a_whole_book_are_counted_in_time() -> None:
    found = bounded(lambda: word_errors("a b " * 10_000, "b c a " * 6_667))
    assert (found.words, found.errors) == (20_000, 10_001)


def test_a_long_line_is_compared_with_what_was_heard_a_limited_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(verification, "likeness", lambda one, other: compared.append(other) or likeness(one, other))
    heard = [Word(at, at + 1.0, "word", 1.0) for at in range(120)]
    assert judge("word " * 120, heard, 120.0).good
    assert len(compared) < 70


def test_the_originals_of_a_brought_translation_are_found_in_linear_time() -> None:
    source = Transcript("en", 1.0, tuple(in_a_row(["a"] * 40_000)), engine={})
    lines = tuple(replace(one, start=one.start - 0.1) for one in source.segments)
    assert len(bounded(lambda: _originals(source, replace(source, language="pt", segments=lines)))) == 40_000


def test_lines_of_the_same_time_are_utterances_of_a_limited_number_of_pieces() -> None:
    lines = [Segment(at, 1.0, 2.0, "a") for at in range(1_000)]
    runs = joined(lines)
    assert [one for run in runs for one in run] == lines
    assert max(map(len, runs)) == MOST_PIECES


def test_sentences_that_link_all_lines_are_grouped_in_linear_time() -> None:
    lines = in_a_row(["a. b"] * 100_000 + ["a."] * 20_000)
    groups = bounded(lambda: together_of(sentences_of(lines)))
    assert len(groups[0]) == 100_001 and len(groups) == 20_000
