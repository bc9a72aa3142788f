"""Voices are removed from a stream: nothing is lost or moved, whatever comes in, and memory stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from dropdub.engines.base import Frames
from dropdub.engines.separators.separation import RATE_HZ, VoiceModel, without_voices

RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 12_345)
SIZE, OVERLAP = RATE_HZ, RATE_HZ // 4


def finding(share: float) -> VoiceModel:
    """Return a model that takes a share of each sample for a voice."""
    return VoiceModel(SIZE, OVERLAP, lambda window: window * np.float32(share))


def noise(samples: int, channels: int) -> Frames:
    return np.random.default_rng(samples).normal(0, 0.1, (samples, channels)).astype(np.float32)


def blocks(sound: Frames, sizes: Sequence[int]) -> Iterator[Frames]:
    at, number = 0, 0
    while at < len(sound):
        size = sizes[number % len(sizes)]
        yield sound[at : at + size]
        at, number = at + size, number + 1


def background(sound: Frames, model: VoiceModel, *, rate: int, sizes: Sequence[int] = (4801,)) -> Frames:
    return np.concatenate([sound[:0], *without_voices(blocks(sound, sizes), model, sample_rate=rate)])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_sound_without_voices_stays_the_same_to_the_last_bit(rate: int, channels: int) -> None:
    for samples in (1, 2, 7, 101, rate // 3, rate, 2 * rate + 1, 3 * rate + 13):
        sound = noise(samples, channels)
        assert np.array_equal(background(sound, finding(0.0), rate=rate), sound), samples


@pytest.mark.parametrize("rate", RATES)
def test_as_many_samples_come_out_however_they_came_in(rate: int) -> None:
    for samples in (1, 2, 101, rate + 1, 3 * rate + 13):
        sound = noise(samples, 2)
        whole = background(sound, finding(0.7), rate=rate, sizes=[samples])
        assert whole.shape == sound.shape and whole.dtype == np.float32
        assert np.array_equal(background(sound, finding(0.7), rate=rate, sizes=[997, 1, 5_000, 0]), whole)


@pytest.mark.parametrize("rate", RATES)
def test_voices_are_taken_away_exactly_where_they_are(rate: int) -> None:
    moments = np.arange(4 * rate + 17) / rate
    tones = [0.3 * np.sin(2 * np.pi * hertz * moments) for hertz in (440, 1_000)]
    sound = np.stack(tones, axis=1).astype(np.float32)
    left = background(sound, finding(1.0), rate=rate)
    inside = slice(rate // 10, -rate // 10)  # resampling needs some sound on both sides
    assert np.abs(left[inside]).max() < 1e-5
    assert np.abs(left).max() < 0.5


def test_windows_are_faded_into_each_other() -> None:
    heard: list[int] = []

    def voices(window: Frames) -> Frames:
        heard.append(len(window))
        return np.full_like(window, len(heard))

    sound = np.full((2 * SIZE, 2), 0.5, np.float32)
    found = sound - background(sound, VoiceModel(SIZE, OVERLAP, voices), rate=RATE_HZ)
    assert heard == [SIZE] * 3
    steps = np.diff(found[:, 0])
    assert found[0, 0] == 1 and found[-1, 0] == 3 and steps.min() >= 0 and steps.max() < 2 / OVERLAP
    assert found[SIZE - OVERLAP - 1, 0] == 1 and found[SIZE, 0] == 2


def test_mono_is_heard_on_both_sides_and_each_of_many_channels_alone() -> None:
    def of_the_left(window: Frames) -> Frames:
        assert np.array_equal(window[:, 0], window[:, 1])
        return window

    sound = noise(SIZE, 6)
    assert not background(sound, VoiceModel(SIZE, OVERLAP, of_the_left), rate=RATE_HZ).any()
    assert not background(sound[:, :1], VoiceModel(SIZE, OVERLAP, of_the_left), rate=RATE_HZ).any()


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_beyond_full_scale_is_lowered_for_the_model(channels: int) -> None:
    """A file of floats with whole numbers of 16 bits: a model that computes with 16 bits would overflow."""

    def half(window: Frames) -> Frames:
        assert np.abs(window).max() <= 1
        return window / 2

    sound = noise(2 * SIZE + 5, channels) * np.float32(32_768)
    left = background(sound, VoiceModel(SIZE, OVERLAP, half), rate=RATE_HZ)
    assert np.allclose(left, sound / 2, rtol=1e-4, atol=0.1)


def test_silence_needs_no_model() -> None:
    def voices(_window: Frames) -> Frames:
        raise AssertionError("it heard silence")

    sound = np.zeros((3 * SIZE + 5, 2), np.float32)
    assert np.array_equal(background(sound, VoiceModel(SIZE, OVERLAP, voices), rate=48_000), sound)
    assert list(without_voices([], finding(1.0), sample_rate=48_000)) == []
    assert list(without_voices([sound[:0]], finding(1.0), sample_rate=48_000)) == []


def test_background_follows_the_sound_at_a_distance_that_does_not_grow() -> None:
    given = 0

    def arriving() -> Iterator[Frames]:
        nonlocal given
        for _ in range(120):
            given += 24_000
            yield np.full((24_000, 1), 0.1, np.float32)

    made, behind = 0, []
    for block in without_voices(arriving(), finding(0.5), sample_rate=48_000):
        made += len(block)
        behind.append(given - made)
    assert made == given
    assert max(behind[len(behind) // 2 :]) < 1.1 * max(behind[: len(behind) // 2]) < 2 * 48_000
