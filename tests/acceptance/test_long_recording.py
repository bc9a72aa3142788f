"""A recording long enough to be cut: 41 minutes, silent but for real speech wherever a cut may fall.

Cut and uncut are compared word by word. A word is recognised from its window, and windows part in pauses of 5 s and
more wherever the recording was cut: at a seam in such a pause all windows are the same, so every word and its times
are. At the second mark no pause is long. There the windows after the cut differ, and so may what is recognised, up to
the next long pause; so near the seam, where a word would be lost or doubled, what is compared is how
many words there are and when: one that is lost leaves a hole, one that is doubled overlaps. Farther on, how many. (That no word is lost or doubled at any cut whatever is shown exactly in integration/test_seams.py.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from dropdub.media.speech import speech_spans, windows
from tests.acceptance.site import Site

RATE_HZ = 16_000
LENGTH_S = 41 * 60
TARGET_S = 12 * 60
"""The default of `split.target`: cuts are wanted at 12 and 24 minutes; the rest is too short for a chunk of its own."""
WINDOW_S = 60
HURRIED_MARK = 1
"""The mark without a long pause near it."""
SPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
PAUSES_S = (0.6, 2.5, 0.9, 6.0, 1.2, 0.7, 3.1, 0.8)
HURRIED_S = (1.2, 0.6, 0.8, 0.7, 0.9)
LONGEST_WINDOW_S = 30.0
NEAR_S = 15.0
LONGEST_HOLE_S = 0.2
HEARD_OTHERWISE = 0.05
"""Of the words after a cut in a short pause, how many more or fewer may be recognised; 2 % were, 5 of 291."""
SHORT_S = 35
WORD_AGREES_S = 0.05
MEMORY_BYTES = 300_000_000
"""A worker with its engine takes 190 MB; the recording as samples of 4 bytes would add 170 MB."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Path:
    """Return a FLAC of 45 minutes: speech all through each search for a pause, and at both ends; faint noise."""
    track = np.random.default_rng(1).normal(0.0, 0.0005, LENGTH_S * RATE_HZ).astype(np.float32)
    voices = cycle([at_rate(path) for path in (*sorted(SPEECH.glob("*.flac")), speech)])
    for begin_s, end_s, pauses_s in stretches():
        at_s, pauses = begin_s, cycle(pauses_s)
        while at_s < end_s:
            voice, first = next(voices), round(at_s * RATE_HZ)
            track[first : first + len(voice)] += voice
            at_s += len(voice) / RATE_HZ + next(pauses)
    path = tmp_path_factory.mktemp("long") / "a long meeting.flac"
    soundfile.write(path, track, RATE_HZ)
    return path


def stretches() -> Iterator[tuple[float, float, tuple[float, ...]]]:
    """Yield where speech begins, until when another sentence begins, and the pauses between sentences."""
    yield 5, 20, PAUSES_S
    for number, mark in enumerate(marks()):
        yield mark - WINDOW_S - 1, mark + WINDOW_S + 1, HURRIED_S if number == HURRIED_MARK else PAUSES_S
    yield LENGTH_S - 40, LENGTH_S - 15, PAUSES_S


def marks() -> Iterator[int]:
    yield from range(TARGET_S, LENGTH_S - TARGET_S // 2, TARGET_S)


def at_rate(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    resampled: np.ndarray = soxr.resample(samples.mean(axis=1), rate, RATE_HZ)
    return resampled


def worked_off(root: Site, recording: Path) -> tuple[list[dict[str, Any]], list[tuple[float, float]]]:
    """Return the words of the merged transcript, and the chunks."""
    root.drop(recording)
    assert root.work_off(timeout_s=600) == 0, root.output()
    [split] = root.rows("SELECT result FROM step WHERE stage = 'split'")
    transcript = json.loads(root.published(recording.stem)[f"{recording.stem}.json"].read_text(encoding="utf-8"))
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    root.check()
    return words, [(start, end) for start, end in json.loads(split["result"])["chunks"]]


def test_a_long_recording_is_cut_in_pauses_worked_in_parallel_and_merged_without_a_seam(
    site: Callable[..., Site], recording: Path
) -> None:
    cut_root = site("cut", cache={"enabled": False})
    cut, chunks = worked_off(cut_root, recording)
    whole, one = worked_off(site("whole", cache={"enabled": False}, split={"above_duration": "3 h"}), recording)

    assert len(one) == 1 and len(chunks) == 3, chunks
    seams = [end for _, end in chunks[:-1]]
    assert all(abs(seam - mark) <= WINDOW_S for seam, mark in zip(seams, marks(), strict=True)), seams
    assert len(whole) > 300, "too little was heard to prove anything"
    for seam in seams:
        assert not [word for word in whole if word["start"] < seam < word["end"]], f"the cut at {seam} s is in a word"
        assert within(cut, seam - NEAR_S, seam) and within(cut, seam, seam + NEAR_S), "nothing is said at the seam"
    begin, end = hurried_stretch(seams[HURRIED_MARK], whole)
    for first, last in ((0.0, begin), (end, LENGTH_S)):
        assert_same_words(within(cut, first, last), within(whole, first, last))
    parted = [span for span in windows(speech_spans(recording)) if span.start < seams[HURRIED_MARK] < span.end]
    assert parted, "the cut goes through no window: nothing can differ"
    assert_heard_alike_at(seams[HURRIED_MARK], cut, whole)
    spoken = len(within(whole, begin, end))
    assert abs(len(within(cut, begin, end)) - spoken) <= HEARD_OTHERWISE * spoken
    assert all(one["end"] <= after["start"] + WORD_AGREES_S for one, after in pairwise(cut)), (
        "a stretch was heard twice"
    )
    [peak] = cut_root.rows("SELECT max(peak_memory) AS bytes FROM attempt")
    assert peak["bytes"] < MEMORY_BYTES, "some step held the whole recording"
    assert worked_at_once(cut_root), "no two chunks were transcribed at the same time"
    short_root = site("short", cache={"enabled": False})
    worked_off(short_root, beginning_of(recording))
    assert peak_of_transcribing(cut_root) < 1.5 * peak_of_transcribing(short_root) + 100_000_000


def beginning_of(recording: Path) -> Path:
    """Return a short recording that takes longer to transcribe than the memory is looked at anew (2 s)."""
    samples, rate = soundfile.read(recording, frames=SHORT_S * RATE_HZ)
    path = recording.with_name("a short call.flac")
    soundfile.write(path, samples, rate)
    return path


def peak_of_transcribing(root: Site) -> int:
    """Return the most memory that a transcriber's worker took, in bytes.

    Not asked of other stages: what is recorded of a step of under 2 s is what its worker took before it.
    """
    [peak] = root.rows(
        "SELECT max(peak_memory) AS bytes FROM attempt JOIN step ON step.id = step_id WHERE stage = 'transcribe'"
    )
    return int(peak["bytes"])


def within(words: list[dict[str, Any]], start: float, end: float) -> list[dict[str, Any]]:
    return [word for word in words if start <= word["start"] < end]


def hurried_stretch(seam: float, whole: list[dict[str, Any]]) -> tuple[float, float]:
    """Return from when on, and until when, the cut may change what is recognised: from window to long pause."""
    after = [word for word in whole if word["start"] > seam]
    ends = [one["end"] for one, next_ in pairwise(after) if next_["start"] - one["end"] > 2 * LONGEST_WINDOW_S]
    return seam - LONGEST_WINDOW_S, ends[0] + 1.0


def assert_same_words(cut: list[dict[str, Any]], whole: list[dict[str, Any]]) -> None:
    assert [word["text"] for word in cut] == [word["text"] for word in whole]
    for one, other in zip(cut, whole, strict=True):
        assert (one["start"], one["end"]) == pytest.approx((other["start"], other["end"]), abs=WORD_AGREES_S)


def assert_heard_alike_at(seam: float, cut: list[dict[str, Any]], whole: list[dict[str, Any]]) -> None:
    one, other = (within(words, seam - NEAR_S, seam + NEAR_S) for words in (cut, whole))
    assert len(one) == len(other)
    assert longest_hole_s(one, other) <= LONGEST_HOLE_S


def longest_hole_s(words: list[dict[str, Any]], others: list[dict[str, Any]]) -> float:
    """Return for how long at a stretch a word was heard by one and none by the other."""
    apart = sorted(heard_at(words) ^ heard_at(others))
    longest = length = 0
    for number, moment in enumerate(apart):
        length = length + 1 if number and moment == apart[number - 1] + 1 else 1
        longest = max(longest, length)
    return longest / 100


def heard_at(words: list[dict[str, Any]]) -> set[int]:
    return {moment for word in words for moment in range(round(word["start"] * 100), round(word["end"] * 100))}


def worked_at_once(root: Site) -> bool:
    times = root.rows(
        """SELECT attempt.started_at, attempt.ended_at FROM attempt JOIN step ON step.id = step_id
           WHERE stage = 'transcribe' ORDER BY attempt.started_at"""
    )
    return any(after["started_at"] < before["ended_at"] for before, after in pairwise(times))
