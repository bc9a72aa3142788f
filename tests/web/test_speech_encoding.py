"""Speech is encoded while it is spoken: one header, the right length, nothing after the sound, nothing mixed up."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.encoding import Encoder, Pcm, encoded

WITHIN_S = 0.05
CODED = [kind for kind in AudioFormat if kind not in (AudioFormat.PCM, AudioFormat.WAV)]
MAGIC = {
    AudioFormat.MP3: b"\xff\xf3",
    AudioFormat.OPUS: b"OggS",
    AudioFormat.AAC: b"\xff\xf1",
    AudioFormat.FLAC: b"fLaC",
    AudioFormat.WAV: b"RIFF",
    AudioFormat.PCM: b"",
}


def tone(hertz: float, seconds: float, rate: int = 22_050) -> Pcm:
    moments = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * moments) * 12_000).astype(np.int16)


def pieces(sound: Pcm, count: int) -> list[Pcm]:
    return np.array_split(sound, count)


def streamed(sound: Pcm, rate: int, kind: AudioFormat, *, count: int = 5) -> bytes:
    with Encoder(kind, rate) as encoder:
        parts = [encoder.write(piece) for piece in pieces(sound, count)]
        return b"".join([*parts, encoder.finish()])


def decoded(file: bytes, kind: AudioFormat) -> Pcm:
    """Return what another program plays, at the format's own rate."""
    raw = ["-f", "s16le", "-ar", "24000", "-ac", "1"] if kind is AudioFormat.PCM else []
    command = [str(find_ffmpeg()), "-v", "error", *raw, "-i", "pipe:0", "-f", "s16le", "-ac", "1", "pipe:1"]
    done = subprocess.run(command, input=file, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.int16)


def pitch(sound: Pcm, rate: int) -> float:
    """Return the frequency with the most energy."""
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64)))
    return float(spectrum.argmax() * rate / len(sound))


@pytest.mark.parametrize("kind", AudioFormat)
def test_what_is_played_is_as_long_as_what_was_spoken(kind: AudioFormat) -> None:
    spoken = tone(440, 1.237)
    for file in (streamed(spoken, 22_050, kind), encoded(spoken, 22_050, kind)):
        played = decoded(file, kind)
        assert file.startswith(MAGIC[kind])
        assert len(played) / kind.rate == pytest.approx(len(spoken) / 22_050, abs=WITHIN_S)
        assert pitch(played, kind.rate) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("kind", [AudioFormat.MP3, AudioFormat.OPUS, AudioFormat.FLAC])
def test_the_start_is_where_it_was_in_formats_that_can_say_so(kind: AudioFormat) -> None:
    rate = 24_000
    spoken = np.concatenate([np.zeros(rate // 2, np.int16), tone(1_000, 0.5, rate)])
    loud = np.flatnonzero(np.abs(decoded(streamed(spoken, rate, kind), kind)) > 6_000)
    assert loud[0] / kind.rate == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("kind", AudioFormat)
def test_the_first_sound_leaves_before_the_last_comes(kind: AudioFormat) -> None:
    with Encoder(kind, 24_000) as encoder:
        early = b"".join(encoder.write(piece) for piece in pieces(tone(300, 2.0, 24_000), 8))
        assert len(early) > len(encoder.finish())


@pytest.mark.parametrize("kind", AudioFormat)
def test_the_size_of_the_pieces_changes_nothing(kind: AudioFormat) -> None:
    spoken = tone(300, 1.0)
    one = decoded(streamed(spoken, 22_050, kind, count=1), kind)
    many = decoded(streamed(spoken, 22_050, kind, count=97), kind)
    assert len(one) == len(many)
    assert np.abs(one.astype(int) - many).max() <= 1


def test_a_streamed_wav_has_one_header_of_unknown_length_and_a_whole_one_its_exact_length() -> None:
    spoken = tone(440, 0.5, 24_000)
    stream, whole = streamed(spoken, 24_000, AudioFormat.WAV), encoded(spoken, 24_000, AudioFormat.WAV)
    assert stream.count(b"RIFF") == whole.count(b"RIFF") == 1
    assert stream[4:8] == stream[40:44] == b"\xff" * 4
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    assert int.from_bytes(whole[40:44], "little") == len(whole) - 44
    assert stream[44:] == whole[44:] == spoken.tobytes()


def test_bytes_are_taken_as_well_as_arrays() -> None:
    spoken = tone(440, 0.3, 24_000)
    with Encoder(AudioFormat.PCM, 24_000) as encoder:
        assert encoder.write(spoken.tobytes()) == spoken.tobytes()
        with pytest.raises(ValueError, match="multiple of element size"):
            encoder.write(b"\0\0\0")


@pytest.mark.parametrize("kind", AudioFormat)
def test_a_text_without_sound_makes_a_file_without_sound(kind: AudioFormat) -> None:
    with Encoder(kind, 22_050) as encoder:
        assert len(encoder.finish()) < 10_000


@pytest.mark.parametrize("kind", AudioFormat)
def test_a_client_that_leaves_frees_the_encoder_at_once(kind: AudioFormat) -> None:
    with Encoder(kind, 22_050) as encoder:
        encoder.write(tone(440, 0.5))
    encoder.close()
    with pytest.raises(ValueError, match="finished"):
        encoder.write(tone(440, 0.5))
    with pytest.raises(ValueError, match="finished"):
        encoder.finish()


def test_the_rate_must_be_that_of_a_sound() -> None:
    with pytest.raises(ValueError, match="no sound has 0"):
        Encoder(AudioFormat.WAV, 0)


def test_eight_files_encoded_at_the_same_time_are_not_mixed() -> None:
    kinds = [*CODED, *CODED]
    hertz = [300 + 150 * number for number in range(len(kinds))]

    def spoken_at(number: int) -> bytes:
        return streamed(tone(hertz[number], 1.0), 22_050, kinds[number], count=50)

    with ThreadPoolExecutor(max_workers=len(kinds)) as threads:
        files = list(threads.map(spoken_at, range(len(kinds))))
    alone = [spoken_at(number) for number in range(len(kinds))]
    for number, kind in enumerate(kinds):
        played = decoded(files[number], kind)
        assert pitch(played, kind.rate) == pytest.approx(hertz[number], abs=2)
        assert np.array_equal(played, decoded(alone[number], kind))


def test_an_encoder_holds_no_more_of_a_long_speech_than_of_a_short_one() -> None:
    minute = tone(440, 60.0, 24_000)
    with Encoder(AudioFormat.MP3, 24_000) as encoder:
        written = [len(encoder.write(piece)) for piece in pieces(minute, 60)]
        assert len(encoder.finish()) < 10_000
    assert max(written[1:]) <= 1.2 * min(written[1:])
