"""Speakers from artificial voices: directions in space, with noise."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.engines.abilities import VoiceThresholds
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment, TimedWord
from dropdub.speech.diarization import (
    HOP_S,
    MOST_CLUSTERED,
    MOST_SPEAKERS,
    SHORTEST_S,
    WINDOW_S,
    Stretch,
    Vectors,
    linked,
    smoothed,
    stretches,
    voices,
)

WIDTH = 64


def a_voice(speaker: int) -> np.ndarray:
    return np.eye(WIDTH, dtype=np.float32)[speaker]


def heard_voices(speakers: list[int], *, noise: float = 0.5, seed: int = 0) -> Vectors:
    """Return a vector for each: those of one speaker are alike by .8, those of two hardly."""
    random = np.random.default_rng(seed).normal(size=(len(speakers), WIDTH))
    vectors = np.array([a_voice(one) for one in speakers]) + noise * random / np.linalg.norm(random, axis=1)[:, None]
    return (vectors / np.linalg.norm(vectors, axis=1)[:, None]).astype(np.float32)


def in_a_row(count: int, *, seconds: float = HOP_S, segment: int = 0) -> list[Stretch]:
    parts = [Span(number * seconds, (number + 1) * seconds) for number in range(count)]
    return [Stretch(Span(part.start, part.start + WINDOW_S), part, segment) for part in parts]


def partition(labels: object) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for place, label in enumerate(np.asarray(labels).tolist()):
        found.setdefault(label, set()).add(place)
    return {frozenset(group) for group in found.values()}


def test_engines_with_other_vectors_have_other_thresholds() -> None:
    """Vectors of one voice that are alike by .5 only, and of two hardly: one speaker or two, by what is usual."""
    speakers = [0] * 12 + [1] * 12
    vectors = heard_voices(speakers, noise=1.0)
    usual = voices(vectors, in_a_row(len(vectors)))
    own = VoiceThresholds(windows_alike=0.3, voices_alike=0.6, short_voices_alike=0.4)
    assert partition(voices(vectors, in_a_row(len(vectors)), own)) == partition(speakers)
    alike = VoiceThresholds(windows_alike=-1.0)
    assert set(voices(vectors, in_a_row(len(vectors)), alike)) == {0} and len(usual) == len(vectors)


@given(
    st.lists(st.integers(1, 5), min_size=8, max_size=40).flatmap(
        lambda runs: st.tuples(st.just(runs), st.lists(st.integers(0, 3), min_size=len(runs), max_size=len(runs)))
    ),
    st.integers(0, 10**6),
)
@settings(max_examples=50, deadline=None)
def test_speakers_that_differ_are_found_whoever_speaks_when(given: tuple[list[int], list[int]], seed: int) -> None:
    speakers = [who for run, who in zip(*given, strict=True) for _ in range(run)]
    # Each says enough to count: what is folded has its own test.
    speakers += [who for who in set(speakers) for _ in range(7)]
    labels = voices(heard_voices(speakers, seed=seed), in_a_row(len(speakers)))
    assert partition(labels) == partition(speakers)


def test_one_voice_is_one_speaker_and_no_voice_is_none() -> None:
    assert set(voices(heard_voices([0] * 50), in_a_row(50))) == {0}
    assert set(voices(heard_voices([0]), in_a_row(1))) == {0}
    assert len(voices(np.zeros((0, 1), np.float32), [])) == 0


def test_a_voice_that_hardly_speaks_is_merged_into_the_most_similar_one() -> None:
    few, many = [2] * 3, [0] * 150 + [1] * 150
    vectors = heard_voices(many + few)
    vectors[-3:] += 0.3 * a_voice(1)
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    labels = voices(vectors, in_a_row(len(vectors)))
    assert set(labels[-3:]) == {labels[200]} != {labels[0]}


def test_at_most_eight_speakers_are_distinguished() -> None:
    speakers = [who for who in range(12) for _ in range(10 + who)]
    labels = voices(heard_voices(speakers), in_a_row(len(speakers)))
    assert len(set(labels.tolist())) == MOST_SPEAKERS


def test_speakers_of_a_long_recording_are_found_from_some_of_its_windows() -> None:
    speakers = ([0] * 40 + [1] * 40) * 150
    assert len(speakers) > 5 * MOST_CLUSTERED
    labels = voices(heard_voices(speakers), in_a_row(len(speakers)))
    assert partition(labels) == partition(speakers)


def test_short_windows_follow_what_the_long_ones_found() -> None:
    speakers = [0] * 10 + [1] * 10 + [0, 1]
    heard = in_a_row(20) + [Stretch(Span(16 + number, 16.7 + number), Span(16, 16.7), 1) for number in (0, 1)]
    vectors = heard_voices(speakers)
    vectors[-2] = (a_voice(0) + 0.8 * a_voice(5)) / np.sqrt(1.64)
    assert partition(voices(vectors, heard)) == partition(speakers)


@given(st.integers(1, 25), st.integers(0, 99))
@settings(deadline=None)
def test_clusters_are_numbered_without_gaps_and_follow_the_threshold(count: int, seed: int) -> None:
    vectors = heard_voices([number % 3 for number in range(count)], noise=2.0, seed=seed)
    clusters = linked(vectors, 0.5)
    assert set(clusters.tolist()) == set(range(int(clusters.max()) + 1))
    assert len(set(linked(vectors, 1.1).tolist())) == count and set(linked(vectors, -1.1).tolist()) == {0}


# Windows


def a_segment(start: float, end: float) -> Segment:
    return Segment(0, start, end, "words")


lengths = st.lists(st.tuples(st.floats(0.01, 3), st.floats(0.05, 40)), min_size=1, max_size=8)


@given(lengths)
def test_windows_cover_the_speech_of_every_segment_that_is_long_enough(gaps: list[tuple[float, float]]) -> None:
    segments, position = [], 0.0
    for pause_s, length_s in gaps:
        segments.append(a_segment(position + pause_s, position + pause_s + length_s))
        position += pause_s + length_s
    found = stretches(segments, [Span(one.start, one.end) for one in segments])
    assert all(before.part.end <= after.part.start for before, after in pairwise(found))
    for number, segment in enumerate(segments):
        covered = sum(one.part.duration_s for one in found if one.segment == number)
        length_s = segment.end - segment.start
        assert covered == pytest.approx(length_s if length_s >= SHORTEST_S else 0)
    assert all(one.window.duration_s <= WINDOW_S + 1e-6 and one.part.duration_s <= WINDOW_S + 0.02 for one in found)
    assert all(segments[one.segment].start - 0.01 <= one.window.start for one in found)


def test_windows_avoid_the_pauses_within_a_segment() -> None:
    found = stretches([a_segment(1, 9)], [Span(0, 3), Span(6, 20)])
    assert {one.part.start for one in found} & {1, 6} == {1, 6}
    assert not [one for one in found if one.window.end > 3.01 and one.window.start < 5.99]


def test_words_are_preferred_to_loudness_for_finding_speech() -> None:
    words = (TimedWord(1, 2.5, "a", 1.0), TimedWord(2.8, 3.5, "b", 1.0), TimedWord(5, 5.5, "c", 1.0))
    found = stretches([Segment(0, 1, 6, "a b c", words)], [Span(0, 7)])
    assert (found[0].part.start, found[-1].part.end) == (1, 3.5)


def test_a_segment_without_detected_speech_is_used_whole() -> None:
    assert [one.part for one in stretches([a_segment(1, 2)], [])] == [Span(1, 2)]


# Smoothing


def test_a_single_odd_window_within_a_segment_does_not_flip() -> None:
    assert smoothed(in_a_row(7), [0, 0, 1, 0, 0, 1, 1]) == [0, 0, 0, 0, 0, 1, 1]


def test_a_short_answer_that_is_a_segment_of_its_own_stays() -> None:
    heard = [*in_a_row(2), *in_a_row(1, segment=1), *in_a_row(2, segment=2)]
    assert smoothed(heard, [0, 0, 1, 0, 0]) == [0, 0, 1, 0, 0]


@given(st.lists(st.integers(0, 3), max_size=30))
def test_smoothing_keeps_runs_of_two_and_adds_no_speaker(labels: list[int]) -> None:
    found = smoothed(in_a_row(len(labels)), labels)
    assert set(found) <= set(labels)
    for place, (one, other) in enumerate(pairwise(labels)):
        if one == other:
            assert found[place] == found[place + 1] == one
