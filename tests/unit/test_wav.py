from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dropdub.errors import NotMedia
from dropdub.media.sound import wav

RATE = 16_000


def ramp(count: int) -> wav.Samples:
    """Return samples that each encode their position, exact in 16 bits."""
    return (np.arange(count) % 30_000).astype(np.float32) / 32_768


@pytest.fixture
def ramp_wav(tmp_path: Path) -> Path:
    with wav.WavWriter(tmp_path / "ramp.wav", RATE) as writer:
        writer.write(ramp(RATE * 3))
    return tmp_path / "ramp.wav"


def test_samples_round_trip(ramp_wav: Path) -> None:
    assert wav.duration_s(ramp_wav) == 3.0
    assert wav.sample_rate(ramp_wav) == RATE
    assert soundfile.info(ramp_wav).subtype == "PCM_16"
    np.testing.assert_allclose(wav.read_range(ramp_wav), ramp(RATE * 3), atol=1e-4)


def test_a_range_has_the_samples_of_its_rounded_bounds(ramp_wav: Path) -> None:
    samples = wav.read_range(ramp_wav, 0.50001, 1.00004)
    assert samples.dtype == np.float32
    assert len(samples) == 16_001 - 8_000
    np.testing.assert_allclose(samples, ramp(RATE * 3)[8_000:16_001], atol=1e-4)


def test_adjacent_ranges_share_and_miss_no_sample(ramp_wav: Path) -> None:
    bounds = [0.0, 0.333337, 1.1111111, 1.99999, 3.0]
    pieces = [wav.read_range(ramp_wav, a, b) for a, b in pairwise(bounds)]
    np.testing.assert_array_equal(np.concatenate(pieces), wav.read_range(ramp_wav))


def test_a_range_outside_the_file_is_omitted(ramp_wav: Path) -> None:
    assert len(wav.read_range(ramp_wav, 2.5, 99.0)) == RATE // 2
    assert len(wav.read_range(ramp_wav, -1.0, 0.5)) == RATE // 2
    assert len(wav.read_range(ramp_wav, 5.0, 6.0)) == 0
    assert len(wav.read_range(ramp_wav, 2.0, 1.0)) == 0


def test_blocks_make_up_the_whole(ramp_wav: Path) -> None:
    found = list(wav.blocks(ramp_wav, 0.7))
    assert [len(block) for block in found] == [11_200] * 4 + [3_200]
    np.testing.assert_array_equal(np.concatenate(found), wav.read_range(ramp_wav))


def test_blocks_of_a_range_stay_within_it(ramp_wav: Path) -> None:
    found = list(wav.blocks(ramp_wav, 1.0, start_s=0.25, end_s=2.0))
    np.testing.assert_array_equal(np.concatenate(found), wav.read_range(ramp_wav, 0.25, 2.0))


def test_two_channels_are_mixed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "two.wav", np.tile([0.5, -0.25], (100, 1)), RATE)
    np.testing.assert_allclose(wav.read_range(tmp_path / "two.wav"), 0.125, atol=1e-4)


def test_loud_samples_are_clipped_not_wrapped(tmp_path: Path) -> None:
    with wav.WavWriter(tmp_path / "loud.wav", RATE) as writer:
        writer.write(np.array([2.0, -2.0], np.float32))
    assert wav.read_range(tmp_path / "loud.wav") == pytest.approx([1.0, -1.0], abs=1e-3)


def test_a_file_announced_to_pass_4_gb_is_rf64(tmp_path: Path) -> None:
    with wav.WavWriter(tmp_path / "long.wav", RATE, expected_s=40 * 3600) as writer:
        writer.write(ramp(RATE))
    assert (tmp_path / "long.wav").read_bytes()[:4] == b"RF64"
    assert wav.duration_s(tmp_path / "long.wav") == 1.0


def test_a_plain_wav_refuses_to_pass_4_gb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav, "_PLAIN_WAV_BYTES", 100_000)
    with wav.WavWriter(tmp_path / "long.wav", RATE) as writer:
        writer.write(ramp(50_000))
        with pytest.raises(ValueError, match="expected_s"):
            writer.write(ramp(1))


def test_resampling_keeps_length_and_tone() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100).astype(np.float32)
    changed = wav.resample(tone, 44_100, RATE)
    assert changed.dtype == np.float32
    assert len(changed) == RATE
    assert np.argmax(np.abs(np.fft.rfft(changed))) == 440
    assert wav.resample(tone, RATE, RATE) is tone


def test_a_file_that_is_not_a_sound_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "voice.wav").write_bytes(b"not a sound" * 50)
    with pytest.raises(NotMedia, match=r"voice\.wav is not a sound file"):
        wav.duration_s(tmp_path / "voice.wav")


def test_a_missing_file_raises_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        wav.read_range(tmp_path / "gone.wav", 0, 1)


def test_a_wav_cut_short_ends_where_its_samples_end(ramp_wav: Path) -> None:
    ramp_wav.write_bytes(ramp_wav.read_bytes()[: 44 + 2 * RATE])
    assert sum(len(block) for block in wav.blocks(ramp_wav, 0.4)) == RATE
