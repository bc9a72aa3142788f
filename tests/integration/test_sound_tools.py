"""Sound through ffmpeg: decoded as a stream, stretched, measured, limited."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dropdub.dubbing import stretch
from dropdub.errors import DeadlineExceeded, MediaToolFailed
from dropdub.media import ffmpeg
from dropdub.media.ffmpeg import has_filter, input_arguments
from dropdub.media.sound.loudness import SILENCE_LUFS, gain_db, loudness_like, measure_loudness
from dropdub.media.sound.master import Mixed, write_master
from dropdub.media.sound.pcm import BLOCK_S, RATE_HZ, decoded
from dropdub.media.sound.spans import Span
from dropdub.media.sound.timed import TimedSound

RATE = 22_050


def tone(seconds: float, hertz: float = 440.0, level: float = 0.3, rate: int = RATE) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def pitch(path: Path) -> float:
    """Return the loudest frequency in hertz."""
    sound, rate = soundfile.read(path)
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound))))) * rate / len(sound))


# A stream


def test_track_is_decoded_in_blocks_to_exact_length(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a b ü.wav", tone(25.0, rate=48_000), 48_000)
    for length in (25 * RATE_HZ, 21 * RATE_HZ + 7, 31 * RATE_HZ + 1):
        source = TimedSound(input_arguments(tmp_path / "a b ü.wav"), "0:a")
        blocks = list(decoded(source, channels=1, length=length, deadline_s=60))
        assert [len(block) for block in blocks[:-1]] == [round(BLOCK_S * RATE_HZ)] * (len(blocks) - 1)
        sound = np.concatenate(blocks)
        assert sound.shape == (length, 1)
        expected = np.pad(tone(25.0, rate=48_000), (0, max(length - 25 * RATE_HZ, 0)))[:length]
        np.testing.assert_allclose(sound[:, 0], expected, atol=1e-3)


def test_undecodable_sound_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF" + bytes(1000))
    with pytest.raises(MediaToolFailed, match="ffmpeg failed"):
        list(decoded(TimedSound(input_arguments(tmp_path / "bad.wav"), "0:a"), channels=1, length=10, deadline_s=60))


def test_a_decoder_past_its_deadline_is_stopped() -> None:
    endless = ["-f", "lavfi", "-re", "-i", "sine"]
    with pytest.raises(DeadlineExceeded):
        list(decoded(TimedSound(endless, "0:a"), channels=1, length=60 * RATE_HZ, deadline_s=0.5))


def test_decoder_is_stopped_if_nobody_reads_from_it() -> None:
    blocks = decoded(
        TimedSound(["-f", "lavfi", "-i", "sine"], "0:a"), channels=1, length=3600 * RATE_HZ, deadline_s=600
    )
    assert len(next(blocks)) == round(BLOCK_S * RATE_HZ)
    blocks.close()  # type: ignore[attr-defined]


# Stretching


@pytest.mark.parametrize("speed", [0.9, 1.07, 1.2, 1.4])
@pytest.mark.parametrize("with_rubber_band", [True, False])
def test_speech_becomes_faster_and_keeps_its_pitch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speed: float, with_rubber_band: bool
) -> None:
    if with_rubber_band and not has_filter("rubberband"):
        pytest.skip("this ffmpeg has no Rubber Band")
    monkeypatch.setattr(stretch, "has_filter", lambda _name: with_rubber_band)
    source, target = tmp_path / "line.wav", tmp_path / "faster.wav"
    soundfile.write(source, np.concatenate([np.zeros(RATE), tone(3.0), np.zeros(RATE)]), RATE)
    stretch.stretch([stretch.Stretch(source, target, Span(1.0, 4.0), speed)], deadline_s=60)
    length_s = soundfile.info(target).duration
    assert length_s == pytest.approx(3.0 / speed, abs=0.001 if with_rubber_band else 0.03)
    assert soundfile.info(target).samplerate == RATE and pitch(target) == pytest.approx(440, abs=2)


def test_filters_of_this_ffmpeg_are_detected() -> None:
    assert has_filter("atempo") and not has_filter("nonsense")
    assert ffmpeg.has_filter.cache_info().currsize >= 2


# Loudness


def test_tone_has_loudness_defined_by_standard(tmp_path: Path) -> None:
    """A 997 Hz tone of -20 dBFS on one channel has -23.0 LUFS (ITU-R BS.1770: -3.01 for a full-scale tone)."""
    soundfile.write(tmp_path / "tone.wav", tone(5.0, 997, 0.1, 48_000), 48_000)
    found = measure_loudness(input_arguments(tmp_path / "tone.wav"), "0:a", deadline_s=60, duration_s=5)
    assert found == pytest.approx(-23.0, abs=0.2)


def test_silence_has_no_loudness_and_gets_no_gain(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "still.wav", np.zeros(RATE), RATE)
    found = measure_loudness(input_arguments(tmp_path / "still.wav"), "0:a", deadline_s=60, duration_s=1)
    assert found == SILENCE_LUFS and gain_db(found, -16) == 0


@pytest.mark.parametrize(("original", "wanted"), [(-23.0, -23.0), (-3.0, -9.0), (-60.0, -40.0), (SILENCE_LUFS, -16.0)])
def test_a_dub_is_as_loud_as_its_original_within_reason(original: float, wanted: float) -> None:
    assert loudness_like(original) == wanted


# The last pass


@pytest.mark.parametrize(("gain", "limited"), [(0.0, False), (6.0, False), (18.0, True)])
def test_only_clipping_sound_is_limited_and_nothing_is_shifted(tmp_path: Path, gain: float, limited: bool) -> None:
    rate, length = RATE_HZ, RATE_HZ * 3 + 123
    sound = np.zeros(length)
    sound[rate : rate * 2] = np.random.default_rng(1).normal(0, 0.02, rate)
    places = (1000, round(rate * 2.5), length - 2000)
    sound[list(places)] = 0.25
    soundfile.write(tmp_path / "mixed.flac", sound, rate, subtype="PCM_24")
    mixed = Mixed(tmp_path / "mixed.flac", rate, 1, length, float(20 * np.log10(0.25)))
    wav, m4a = tmp_path / "dub.wav", tmp_path / "dub.m4a"
    found = write_master(mixed, wav, m4a, gain_db=gain, tags=[], deadline_s=60, progress=lambda _share: None)
    made, _ = soundfile.read(wav)
    assert found == limited and len(made) == length
    for place in places:
        assert np.argmax(np.abs(made[place - 100 : place + 100])) == 100
    if not limited:
        np.testing.assert_allclose(made, sound * 10 ** (gain / 20), atol=1e-4)
    assert np.abs(made).max() < 10 ** (-1 / 20)
