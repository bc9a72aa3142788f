"""Merging chunks: every word once, in its place."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.pipeline.artifacts import Segment, Suspect, TimedWord, Transcript
from dropdub.speech.chunks import Chunk, merge


def a_segment(start: float, text: str, *, id_: int = 0) -> Segment:
    words = tuple(
        TimedWord(start + number, start + number + 0.9, word, 0.5) for number, word in enumerate(text.split())
    )
    return Segment(id_, start, words[-1].end if words else start, text, words)


def a_chunk(start: float, end: float, *segments: Segment, language: str = "en") -> Chunk:
    return Chunk(start, end, Transcript(language, end - start, segments, {"name": "engine"}))


def test_segments_keep_their_times_and_are_numbered_consecutively() -> None:
    merged = merge([a_chunk(0, 10, a_segment(1, "one two")), a_chunk(10, 20, a_segment(11, "three"))])
    assert [(one.id, one.start, one.text) for one in merged.segments] == [(0, 1, "one two"), (1, 11, "three")]
    assert merged.duration_s == 20 and merged.engine == {"name": "engine"}


def test_suspected_inventions_are_passed_on_and_kept_in_the_file() -> None:
    suspects = [Suspect(2.0, 3.0, "Thanks!", "dropped"), Suspect(12.0, 19.0, "so so so", "collapsed")]
    chunks = [a_chunk(0, 10), a_chunk(10, 20)]
    said = [
        replace(chunk, transcript=replace(chunk.transcript, suspects=(one,)))
        for chunk, one in zip(chunks, suspects, strict=True)
    ]
    merged = merge(said)
    assert list(merged.suspects) == suspects
    assert Transcript.from_json(merged.to_json()) == merged


def test_an_end_that_overshoots_a_little_is_cut_to_its_chunk() -> None:
    late = Segment(0, 8.0, 10.03, "word", (TimedWord(8.0, 10.03, "word", 1.0),))
    merged = merge([a_chunk(0, 10, late), a_chunk(10, 20, a_segment(10, "next"))])
    assert merged.segments[0].end == 10 and merged.segments[0].words[0].end == 10


@pytest.mark.parametrize("start", [5.0, 19.5, -1.0])
def test_times_of_another_chunk_are_a_defect(start: float) -> None:
    with pytest.raises(ValueError, match="is outside chunk"):
        merge([a_chunk(0, 10), a_chunk(10, 20, a_segment(start, "word"))])


def test_chunks_that_leave_a_gap_or_overlap_are_a_defect() -> None:
    for start in (9.0, 11.0):
        with pytest.raises(ValueError, match="the next starts"):
            merge([a_chunk(0, 10), a_chunk(start, 20)])


def test_the_language_is_the_one_spoken_longest() -> None:
    chunks = [
        a_chunk(0, 10, a_segment(0, "um"), language="pt"),
        a_chunk(10, 20, a_segment(10, "one two three"), language="en"),
        a_chunk(20, 30, language="und"),
    ]
    assert merge(chunks).language == "en"


def test_a_recording_without_speech_has_the_requested_language() -> None:
    assert merge([a_chunk(0, 10, language="und"), a_chunk(10, 20, language="pt")]).language == "pt"
    assert merge([a_chunk(0, 10, language="und")]).segments == ()


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6))
def test_no_word_is_lost_or_doubled_at_any_seam(counts: list[int]) -> None:
    chunks, spoken = [], []
    for number, count in enumerate(counts):
        words = [f"w{number}.{word}" for word in range(count)]
        spoken += words
        segments = [a_segment(number * 10.0, " ".join(words))] if words else []
        chunks.append(a_chunk(number * 10.0, number * 10.0 + 10, *segments))
    merged = merge(chunks)
    heard = [word for segment in merged.segments for word in segment.words]
    assert [word.text for word in heard] == spoken
    assert " ".join(segment.text for segment in merged.segments).split() == spoken
    assert all(before.end <= after.start for before, after in pairwise(heard))
