"""A recording long enough to be cut: real speech, most of it around the places of the cuts."""

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

from tests.acceptance.site import SIDE_BY_SIDE, Site

RATE_HZ = 16_000
LENGTH_S = 190
TARGET_S = 60
WINDOW_S = 12
SPLIT = {"above_duration": 90, "target": TARGET_S, "window": WINDOW_S}
"""The usual settings on a smaller scale: cuts are due at 1 and 2 minutes. For memory see benchmarks/memory.py."""
ROUND_MARK_S = 14
SPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
PAUSES_S = (0.6, 2.5, 0.9, 6.0, 1.2, 0.7, 3.1, 0.8)
SEAM_S = 14.0
WORD_AGREES_S = 0.05
MEMORY_BYTES = 300_000_000
"""A worker with its engine takes 190 MB."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Path:
    """Return a FLAC: speech around each mark and at both ends, and faint noise everywhere."""
    track = np.random.default_rng(1).normal(0.0, 0.0005, LENGTH_S * RATE_HZ).astype(np.float32)
    voices = cycle([at_rate(path) for path in (*sorted(SPEECH.glob("*.flac")), speech)])
    pauses = cycle(PAUSES_S)
    for begin_s, end_s in (
        (2, 9),
        *((mark - ROUND_MARK_S, mark + ROUND_MARK_S) for mark in marks()),
        (LENGTH_S - 10, LENGTH_S - 1),
    ):
        at_s: float = begin_s
        while at_s + len(voice := next(voices)) / RATE_HZ < end_s:
            first = round(at_s * RATE_HZ)
            track[first : first + len(voice)] += voice
            at_s += len(voice) / RATE_HZ + next(pauses)
    path = tmp_path_factory.mktemp("long") / "a long meeting.flac"
    soundfile.write(path, track, RATE_HZ)
    return path


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


def test_long_recording_is_split_at_pauses_processed_in_parallel_and_merged_seamlessly(
    site: Callable[..., Site], recording: Path
) -> None:
    cut_root = site("cut", cache={"enabled": False}, split=SPLIT, **SIDE_BY_SIDE)
    cut_root.forks_workers = False  # its memory is measured
    cut, chunks = worked_off(cut_root, recording)
    whole, one = worked_off(site("whole", cache={"enabled": False}, split={"above_duration": "3 h"}), recording)

    assert len(one) == 1 and len(chunks) == 3, chunks
    seams = [end for _, end in chunks[:-1]]
    assert all(abs(seam - mark) <= WINDOW_S for seam, mark in zip(seams, marks(), strict=True)), seams
    assert len(whole) > 60, "too little was heard to prove anything"
    for seam in seams:
        assert not [word for word in whole if word["start"] < seam < word["end"]], f"the cut at {seam} s is in a word"
        assert near(seam, cut) == near(seam, whole)
    assert [word["text"] for word in cut] == [word["text"] for word in whole]
    assert all(
        abs(one["start"] - other["start"]) <= WORD_AGREES_S and abs(one["end"] - other["end"]) <= WORD_AGREES_S
        for one, other in zip(cut, whole, strict=True)
    )
    [peak] = cut_root.rows("SELECT max(peak_memory) AS bytes FROM attempt")
    assert peak["bytes"] < MEMORY_BYTES, "some step held the whole recording"
    assert worked_at_once(cut_root), "no two chunks were transcribed at the same time"


def near(seam: float, words: list[dict[str, Any]]) -> list[str]:
    """Return what is said near a seam."""
    return [word["text"] for word in words if abs(word["start"] - seam) <= SEAM_S]


def worked_at_once(root: Site) -> bool:
    times = root.rows(
        """SELECT attempt.started_at, attempt.ended_at FROM attempt JOIN step ON step.id = step_id
           WHERE stage = 'transcribe' ORDER BY attempt.started_at"""
    )
    return any(after["started_at"] < before["ended_at"] for before, after in pairwise(times))
