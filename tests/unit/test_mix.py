"""Sounds added up to a track, and the background under them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from dropdub.dubbing.edges import Sounding, find_speech
from dropdub.dubbing.track import FADE_S, HEADROOM, Part, part_of, track_blocks, write_track
from dropdub.media.sound import wav
from dropdub.media.sound.ducking import DOWN_S, UP_S, Ducking
from dropdub.media.sound.mixing import mix_down
from dropdub.media.sound.pcm import RATE_HZ
from dropdub.media.sound.spans import Span
from dropdub.media.sound.timed import in_blocks
from dropdub.media.sound.wav import WavWriter
from dropdub.text.paragraph_times import starts_in_a_row

RATE = 1000
FADE = round(FADE_S * RATE)


def a_part(folder: Path, start: int, length: int, level: float) -> Part:
    path = folder / f"{start}-{length}.wav"
    with WavWriter(path, RATE) as writer:
        writer.write(np.full(length, level, np.float32))
    return Part(path, 0, length, start)


def test_each_part_sounds_at_its_place_and_the_track_is_as_long_as_asked(tmp_path: Path) -> None:
    parts = [a_part(tmp_path, 24_900, 900, 0.5), a_part(tmp_path, 500, 1000, 0.25), a_part(tmp_path, 9_900, 300, 0.5)]
    peak = write_track(tmp_path / "track.wav", parts, length=25_000, rate=RATE)
    track = wav.read_range(tmp_path / "track.wav") / HEADROOM
    assert len(track) == 25_000 and peak == pytest.approx(0.5 * HEADROOM, abs=1e-3)
    expected = np.zeros(25_000)
    for part in parts:
        expected[part.start + FADE : part.end - FADE] = {500: 0.25}.get(part.start, 0.5)
    inside = expected > 0
    np.testing.assert_allclose(track[inside], expected[inside], atol=1e-3)
    near = np.convolve(inside, np.ones(2 * FADE + 1), "same") > 0
    assert not track[~near].any()


def test_a_part_fades_only_at_its_start_and_end(tmp_path: Path) -> None:
    part = a_part(tmp_path, 5_000, 34_567, 0.5)
    track = np.concatenate(list(track_blocks([part], length=50_000, rate=RATE)))
    sound = track[part.start : part.end]
    assert sound[0] == 0 and sound[-1] == 0 and 0 < sound[FADE // 2] < 0.4
    np.testing.assert_allclose(sound[FADE:-FADE], 0.5, atol=1e-3)


def test_parts_that_sound_at_once_are_added_up_without_clipping(tmp_path: Path) -> None:
    parts = [a_part(tmp_path, 0, 2000, 0.8), a_part(tmp_path, 1000, 2000, 0.8)]
    peak = write_track(tmp_path / "track.wav", parts, length=3000, rate=RATE)
    track = wav.read_range(tmp_path / "track.wav")
    np.testing.assert_allclose(track[[500, 1500, 2500]], np.array([0.8, 1.6, 0.8]) * HEADROOM, atol=1e-3)
    assert peak == pytest.approx(1.6 * HEADROOM, abs=1e-3)


def test_a_file_is_read_no_more_often_than_it_has_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [a_part(tmp_path, number * 700, 650, 0.1) for number in range(300)]
    opened: list[Path] = []
    read = wav.read_range
    monkeypatch.setattr(wav, "read_range", lambda path, *span: opened.append(path) or read(path, *span))
    for _ in track_blocks(parts, length=230_000, rate=RATE):
        pass
    assert len(opened) == 300


def test_a_range_of_a_file_becomes_a_part_no_longer_than_its_room(tmp_path: Path) -> None:
    path = a_part(tmp_path, 0, 2000, 0.5).path
    assert part_of(path, Span(0.5, 1.5), start=7, rate=RATE) == Part(path, 500, 1000, 7)
    assert part_of(path, Span(0.5, 1.5), start=7, rate=RATE, most=10).count == 10


def test_a_track_without_parts_is_silence(tmp_path: Path) -> None:
    assert write_track(tmp_path / "track.wav", [], length=12_345, rate=RATE) == 0.0
    assert not wav.read_range(tmp_path / "track.wav").any()
    assert wav.duration_s(tmp_path / "track.wav") == pytest.approx(12.345)


def test_paragraphs_follow_one_another_with_a_pause() -> None:
    assert starts_in_a_row({0: 1000, 2: 500, 3: 10}, RATE) == {0: 0, 2: 1600, 3: 2700}


# Edges


def test_the_silence_around_a_line_is_found(tmp_path: Path) -> None:
    sound = np.concatenate([np.zeros(8000), np.sin(np.arange(16_000) / 5) * 0.3, np.zeros(24_000)])
    sound += np.random.default_rng(1).normal(0, 1e-4, len(sound))
    soundfile.write(tmp_path / "line.wav", sound, 16_000)
    sounding = find_speech(tmp_path / "line.wav")
    found = sounding.span
    assert sounding.begins == pytest.approx(0.5, abs=0.011)
    assert (found.start, found.end) == (pytest.approx(0.47, abs=0.011), pytest.approx(1.58, abs=0.011))


def test_a_silent_line_is_kept_whole_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    for name, count in (("silent", 8000), ("empty", 0)):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(count), 16_000)
        assert find_speech(tmp_path / f"{name}.wav") == Sounding(Span(0.0, count / 16_000), None)


# Ducking


def test_the_original_is_quieter_only_while_the_dub_speaks() -> None:
    ducking = Ducking([Span(2.0, 3.0), Span(3.5, 4.0), Span(8.0, 9.0)], 0.1)
    gains = ducking.gains(0, 12 * RATE, RATE)
    assert np.allclose(gains[[2000, 3200, 3999, 8500]], 0.1), "also over a short pause"
    up = [0, round((2 - DOWN_S) * RATE), round((4 + UP_S) * RATE), 6000, 11_999]
    assert np.allclose(gains[up], 1.0)
    assert np.abs(np.diff(gains)).max() < 0.01, "nowhere it jumps"
    assert np.array_equal(np.concatenate([ducking.gains(at, 1000, RATE) for at in range(0, 12_000, 1000)]), gains)


def test_without_speech_the_original_is_unchanged() -> None:
    assert np.all(Ducking([], 0.1).gains(5, 100, RATE) == 1.0)


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 3)), max_size=8), st.floats(0, 1))
def test_the_gain_is_between_down_and_up_and_is_down_in_every_span(
    spans: list[tuple[float, float]], level: float
) -> None:
    gains = Ducking([Span(start, start + length) for start, length in spans], level).gains(0, 25 * 100, 100)
    assert np.all((gains >= level - 1e-6) & (gains <= 1 + 1e-6))
    for start, length in spans:
        inside = gains[int(np.ceil(start * 100)) : int((start + length) * 100)]
        assert np.allclose(inside, level, atol=1e-4)


# Mixing


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(1, 25), st.integers(0, 90))
def test_blocks_of_any_sizes_become_blocks_of_one_size(sizes: list[int], size: int, length: int) -> None:
    total = sum(sizes)
    values = np.arange(1, total + 1, dtype=np.float32).reshape(-1, 1)
    blocks = np.split(values, np.cumsum(sizes)[:-1]) if sizes else []
    found = list(in_blocks(iter(blocks), size=size, length=length, channels=1))
    assert all(len(block) == size for block in found[:-1]) and sum(map(len, found)) == length
    joined = np.concatenate([*found, np.zeros((0, 1))])[:, 0]
    assert np.array_equal(joined, np.pad(values[:, 0], (0, max(length - total, 0)))[:length])


def test_voice_is_mixed_over_the_background_which_is_turned_down(tmp_path: Path) -> None:
    length = 2 * RATE_HZ
    voice = [np.full((RATE_HZ, 1), value, np.float32) for value in (0.2, 0.0)]
    behind = [np.full((RATE_HZ, 2), 0.4, np.float32) for _ in range(2)]
    mixed = mix_down(
        tmp_path / "mixed.flac",
        voice,
        behind,
        ducking=Ducking([Span(0.0, 1.0)], 0.5),
        voice_gain=2.0,
        channels=2,
        length=length,
        progress=lambda _share: None,
    )
    sound, rate = soundfile.read(mixed.path)
    assert (sound.shape, rate) == ((length, 2), RATE_HZ)
    assert sound[100] == pytest.approx([0.6 * 0.25] * 2, abs=1e-4)
    assert sound[-100] == pytest.approx([0.4 * 0.25] * 2, abs=1e-4)
    assert mixed.peak_db == pytest.approx(20 * np.log10(0.6 * 0.25), abs=0.1)
