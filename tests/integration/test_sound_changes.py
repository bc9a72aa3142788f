"""Sound that changes its rate, channels or layout midway keeps its time; a mix to one channel keeps the voice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.probe import probe_media
from dropdub.media.sound import wav
from dropdub.media.sound.length import counted, counting
from dropdub.media.sound.pcm import RATE_HZ, decoded
from dropdub.media.sound.timed import TimedSound, in_blocks, joined, layout_of, placed
from dropdub.media.sound.wav import Samples
from dropdub.speech.extraction import channel_names
from dropdub.speech.one_channel import BLOCK, OneChannel
from dropdub.speech.vad import speech_spans
from tests.drive import Drive

RATE = 16_000
BEEP_S = 0.25
AT_S = (0.5, 4.5, 7.25)
"""When the beeps of the three parts begin; the second part starts 1 s after the end of the first."""
PRIMING_S = 0.022
"""AAC starts with one frame of silence, which MPEG-TS counts."""


def ffmpeg(*arguments: str) -> None:
    subprocess.run([str(find_ffmpeg()), "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=60)


def part(path: Path, *, beep_s: float, length_s: float, options: tuple[str, ...], offset_s: float = 0.0) -> Path:
    """Write silence with one beep, encoded with `options`."""
    beep = f"between(t,{beep_s},{beep_s + BEEP_S})"
    source = f"aevalsrc=exprs=0.5*sin(2*PI*880*t)*{beep}:d={length_s}:s=48000".replace(",", "\\,")
    ffmpeg("-f", "lavfi", "-i", source, *options, "-output_ts_offset", str(offset_s), str(path))
    return path


def starts_s(sound: np.ndarray, rate: int) -> list[float]:
    """Return where beeps begin."""
    loud = np.abs(sound) > 0.02
    found = np.flatnonzero(loud)
    return [float(at / rate) for at, before in zip(found, [-rate, *found], strict=False) if at - before > rate // 2]


CHANGES = {
    "channels.ts": [
        ("-c:a", "ac3", "-ac", "2", "-ar", "48000"),
        ("-c:a", "ac3", "-ac", "6", "-ar", "48000"),
        ("-c:a", "ac3", "-ac", "1", "-ar", "48000"),
    ],
    "rates.ts": [
        ("-c:a", "aac", "-ac", "2", "-ar", "48000"),
        ("-c:a", "aac", "-ac", "2", "-ar", "44100"),
        ("-c:a", "aac", "-ac", "1", "-ar", "32000"),
    ],
    "layers.ts": [
        ("-c:a", "mp2", "-ac", "1", "-ar", "44100"),
        ("-c:a", "mp2", "-ac", "2", "-ar", "48000"),
        ("-c:a", "mp2", "-ac", "1", "-ar", "32000"),
    ],
    "higher.ts": [
        ("-c:a", "mp2", "-ac", "1", "-ar", "32000"),
        ("-c:a", "mp2", "-ac", "1", "-ar", "48000"),
        ("-c:a", "mp2", "-ac", "1", "-ar", "44100"),
    ],
}


@pytest.fixture(params=[*CHANGES, "channels.mkv"])
def changing(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A recording of 9 s whose sound changes twice, with a gap of 1 s at the first change."""
    name = request.param.replace(".mkv", ".ts")
    made = [
        part(tmp_path / f"{number}.ts", beep_s=beep_s, length_s=length_s, options=options, offset_s=offset_s)
        for number, (options, beep_s, length_s, offset_s) in enumerate(
            zip(CHANGES[name], (0.5, 0.5, 0.25), (3.0, 3.0, 2.0), (0.0, 4.0, 7.0), strict=True)
        )
    ]
    joint = tmp_path / name
    joint.write_bytes(b"".join(one.read_bytes() for one in made))
    if request.param.endswith(".mkv"):
        ffmpeg("-i", str(joint), "-c", "copy", str(tmp_path / request.param))
    return tmp_path / request.param


def test_sound_that_changes_its_format_midway_keeps_its_time(changing: Path, tmp_path: Path) -> None:
    info = probe_media(changing, timeout_s=10)
    job = Drive(changing, tmp_path / "root").run(until="split")
    sound = wav.read_range(job.job_dir / "audio.wav")
    assert starts_s(sound, RATE) == pytest.approx(AT_S, abs=PRIMING_S)
    assert job.facts["extract"]["duration_s"] == pytest.approx(9.0, abs=0.05)
    assert job.warnings == ["No speech was found in " + changing.name + "."] or job.warnings == []
    source = TimedSound(["-i", str(changing)], "0:a:0")
    blocks = decoded(source, channels=2, length=9 * RATE_HZ, deadline_s=60)
    assert starts_s(np.concatenate(list(blocks)).max(axis=1), RATE_HZ) == pytest.approx(AT_S, abs=PRIMING_S)
    listed = tmp_path / "listed"
    ffmpeg("-i", str(changing), *counting("0:a:0", info.audio[0].sample_rate, listed, until_s=60, has_clock=True))
    assert counted(listed, has_clock=True).duration_s == pytest.approx(9.0, abs=0.05)


@pytest.mark.parametrize(("name", "codec"), [("joint.aac", "aac"), ("joint.mp3", "libmp3lame"), ("joint.ac3", "ac3")])
def test_raw_streams_that_change_their_rate_are_as_long_as_their_parts(name: str, codec: str, tmp_path: Path) -> None:
    rates = (("48000", "2"), ("44100", "1"))
    made = [
        part(
            tmp_path / f"{rate}-{name}", beep_s=0.5, length_s=3.0, options=("-c:a", codec, "-ar", rate, "-ac", channels)
        )
        for rate, channels in rates
    ]
    source = tmp_path / name
    source.write_bytes(b"".join(one.read_bytes() for one in made))
    job = Drive(source, tmp_path / "root").run(until="split")
    assert job.facts["extract"]["duration_s"] == pytest.approx(6.0, abs=0.15)
    first, second = starts_s(wav.read_range(job.job_dir / "audio.wav"), RATE)
    assert second - first == pytest.approx(3.0, abs=0.08)
    assert not job.warnings


def test_sound_of_a_broadcast_that_ends_before_its_picture_is_whole(tmp_path: Path) -> None:
    """The clock of MPEG-TS does not begin at 0."""
    source = tmp_path / "clip.ts"
    picture, sound = "testsrc=s=64x48:r=5:d=6", "sine=f=440:d=4:r=48000"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "mpeg2video", "-c:a", "mp2", str(source))
    assert probe_media(source, timeout_s=10).start_time_s > 1
    assert not Drive(source, tmp_path / "root").run(until="extract").warnings


def test_sound_is_cut_and_padded_on_its_clock(tmp_path: Path) -> None:
    late = part(tmp_path / "late.mkv", beep_s=0.5, length_s=2.0, options=("-c:a", "flac"), offset_s=1.0)
    silent = (
        "-f",
        "lavfi",
        "-i",
        "color=s=16x16:d=4",
        "-itsoffset",
        "1",
        "-i",
        str(late),
        "-map",
        "0:v",
        "-map",
        "1:a",
    )
    film = tmp_path / "film.mkv"
    ffmpeg(*silent, "-c:a", "copy", str(film))
    sound = TimedSound(["-i", str(film)], "0:a:0")
    pieces = placed(sound, rate=RATE, layout="mono", until_s=1.7, deadline_s=60)
    whole = np.concatenate(list(pieces))
    assert len(whole) == round(1.7 * RATE) and starts_s(whole[:, 0], RATE) == pytest.approx([1.5], abs=0.01)


@pytest.mark.parametrize("level_db", [-60, -75])
def test_a_faint_voice_is_extracted_with_all_its_detail(level_db: int, speech_wav: Path, tmp_path: Path) -> None:
    voice = wav.read_range(speech_wav)
    faint = tmp_path / "faint.wav"
    soundfile.write(faint, voice * 10 ** (level_db / 20), RATE, subtype="PCM_24")
    extracted = Drive(faint, tmp_path / "root").run(until="split").job_dir / "audio.wav"
    assert likeness(wav.read_range(extracted), voice) > 0.99
    heard, usual = (sum(span.duration_s for span in speech_spans(path)) for path in (extracted, speech_wav))
    assert heard > 0.9 * usual


# One channel


def voices(speech_wav: Path, *, level: float = 0.3) -> Samples:
    spoken = wav.read_range(speech_wav)
    found: Samples = spoken[: len(spoken) // BLOCK * BLOCK or BLOCK] * np.float32(level / np.abs(spoken).max())
    return found


def one_channel(sound: np.ndarray, names: list[str]) -> tuple[Samples, dict[str, float]]:
    mixer = OneChannel(names)
    return np.concatenate([mixer.mixed(block) for block in joined([sound.astype(np.float32)], BLOCK)]), mixer.instead


def likeness(one: Samples, other: Samples) -> float:
    return float(abs(np.corrcoef(one, other)[0, 1]))


STEREO = ["FL", "FR"]


@pytest.mark.parametrize("how", ["inverted", "nearly inverted", "hum", "tone", "noise"])
def test_a_voice_that_the_mix_would_lose_is_taken_from_its_channel(how: str, speech_wav: Path) -> None:
    voice, chance = voices(speech_wav), np.random.default_rng(2)
    time_s = np.arange(len(voice)) / RATE
    other = {
        "inverted": -voice,
        "nearly inverted": -0.95 * voice + chance.normal(0, 1e-3, len(voice)),
        "hum": sum(0.4 / k * np.sin(2 * np.pi * 50 * k * time_s) for k in range(1, 12)),
        "tone": 0.5 * np.sin(2 * np.pi * 1000 * time_s),
        "noise": chance.normal(0, 0.3, len(voice)),
    }[how]
    mixed, instead = one_channel(np.stack([voice, other], 1), STEREO)
    assert likeness(mixed, voice) > 0.99
    assert sum(instead.values()) > 3


def test_the_mix_is_kept_if_it_has_all_voices(speech_wav: Path) -> None:
    voice = voices(speech_wav)
    silent = np.zeros_like(voice)
    noise = np.random.default_rng(3).normal(0, 1e-3, len(voice))
    turn = len(voice) // 2
    left, right = voice.copy(), voice.copy()
    left[turn:], right[:turn] = 0, 0
    for one, other in ((voice, voice), (voice, silent), (voice, 0.02 * voice), (left, right), (voice + noise, noise)):
        mixed, instead = one_channel(np.stack([one, other], 1), STEREO)
        assert instead == {}
        assert np.allclose(mixed, (one + other) / 2, atol=1e-6)


@pytest.mark.parametrize("layout", ["5.1", "7.1", "quad", "5.0(side)", "9 channels"])
def test_a_voice_on_any_single_channel_is_heard(layout: str, speech_wav: Path, tmp_path: Path) -> None:
    voice = voices(speech_wav)
    count = {"5.1": 6, "7.1": 8, "quad": 4, "5.0(side)": 5}.get(layout) or int(layout[0])
    for at in {0, 2, 3, count - 1}:
        sound = np.random.default_rng(at).normal(0, 2e-3, (len(voice), count))
        sound[:, at] += voice
        stream = probe_media(_written(tmp_path, sound, layout), timeout_s=10).audio[0]
        names = channel_names(stream)
        assert len(names) == count
        mixed, _ = one_channel(sound, names)
        assert likeness(mixed, voice) > 0.97


def _written(folder: Path, sound: np.ndarray, layout: str) -> Path:
    plain, named = folder / "plain.wav", folder / "named.mka"
    soundfile.write(plain, sound[:RATE], RATE)
    if layout.endswith("channels"):
        return plain
    remapped = f"channelmap={'|'.join(map(str, range(sound.shape[1])))}:{layout}"
    ffmpeg("-i", str(plain), "-af", remapped, "-c:a", "pcm_s16le", str(named))
    return named


def test_a_layout_that_old_versions_of_ffmpeg_do_not_know_is_read_without_order() -> None:
    assert (layout_of("5.1(side)", 6), layout_of("9.1.6", 16), layout_of("3 channels", 3)) == ("5.1(side)", "16C", "3C")


def test_blocks_hold_all_samples_once() -> None:
    pieces = [np.arange(at, at + 7, dtype=np.float32).reshape(-1, 1) for at in range(0, 70, 7)]
    assert np.array_equal(np.concatenate(list(joined(pieces, 16)))[:, 0], np.arange(70))
    assert [len(block) for block in in_blocks(pieces, size=16, length=80, channels=1)] == [16] * 5
