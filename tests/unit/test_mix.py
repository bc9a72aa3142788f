"""Adding lines up to a track, and when each line is spoken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dropdub.media import wav
from dropdub.media.wav import WavWriter
from dropdub.pipeline.artefacts import Segment
from dropdub.pipeline.stages.mix import Line, write_track
from dropdub.pipeline.timeline import FASTEST, fits, fitting_rate, slots, starts_as_spoken, starts_in_a_row

RATE = 1000


def a_line(folder: Path, start: int, length: int, level: float) -> Line:
    path = folder / f"{start}-{length}.wav"
    with WavWriter(path, RATE) as writer:
        writer.write(np.full(length, level, np.float32))
    return Line(path, start, start + length)


def test_each_line_sounds_where_it_begins_and_the_track_is_as_long_as_asked(tmp_path: Path) -> None:
    lines = [a_line(tmp_path, 500, 1000, 0.25), a_line(tmp_path, 9_900, 300, 0.5), a_line(tmp_path, 24_900, 900, 0.5)]
    write_track(tmp_path / "track.wav", lines, length=25_000, rate=RATE)
    track = wav.read_range(tmp_path / "track.wav")
    expected = np.zeros(25_000, np.float32)
    for line, level in zip(lines, (0.25, 0.5, 0.5), strict=True):
        expected[line.start : line.end] = level
    assert len(track) == 25_000
    np.testing.assert_allclose(track, expected, atol=1e-3)


def test_lines_that_overlap_are_added_up_without_clipping(tmp_path: Path) -> None:
    lines = [a_line(tmp_path, 0, 2000, 0.8), a_line(tmp_path, 1000, 2000, 0.8)]
    gain = write_track(tmp_path / "track.wav", lines, length=3000, rate=RATE)
    track = wav.read_range(tmp_path / "track.wav")
    assert gain == pytest.approx(0.98 / 1.6, rel=1e-3)
    np.testing.assert_allclose(track[[500, 1500, 2500]], np.array([0.8, 1.6, 0.8]) * gain, atol=1e-3)


def test_a_track_without_lines_is_silence(tmp_path: Path) -> None:
    assert write_track(tmp_path / "track.wav", [], length=12_345, rate=RATE) == 1.0
    assert not wav.read_range(tmp_path / "track.wav").any()
    assert wav.duration_s(tmp_path / "track.wav") == pytest.approx(12.345)


def test_a_line_has_time_until_the_next_begins_and_the_last_until_the_end() -> None:
    segments = [Segment(3, 1.0, 2.0, "a"), Segment(4, 4.0, 5.0, "b")]
    assert slots(segments, 6.0) == {3: 3.0, 4: 2.0}
    assert slots([], 6.0) == {}


@pytest.mark.parametrize(("spoken_s", "slot_s", "rate"), [(1, 2, 1.0), (2.4, 2, 1.2), (9, 2, FASTEST), (9, None, 1.0)])
def test_speech_is_sped_up_as_far_as_it_needs_and_no_further(
    spoken_s: float, slot_s: float | None, rate: float
) -> None:
    assert fitting_rate(spoken_s, slot_s) == pytest.approx(rate)


def test_a_slot_of_nothing_is_not_met() -> None:
    assert fitting_rate(1.0, 0.0) == FASTEST and not fits(1.0, 0.0) and fits(1.0, None)


def test_paragraphs_follow_one_another_with_a_pause() -> None:
    assert starts_in_a_row({0: 1000, 2: 500, 3: 10}, RATE) == {0: 0, 2: 1600, 3: 2700}
    assert starts_as_spoken([Segment(7, 1.5, 2.0, "a")], RATE) == {7: 1500}
