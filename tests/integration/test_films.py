"""The dubbed film of made-up recordings of many kinds, read back by ffprobe and by decoding."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dropdub.config.job import Mix
from dropdub.dubbing.background import background_of
from dropdub.errors import MediaToolFailed, NoAudio
from dropdub.files.durable import sha256
from dropdub.media.cover import save_cover
from dropdub.media.film_check import Expected, check_film
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, Segment, Transcript, translation_name
from dropdub.store.steps import StepSpec
from tests.drive import Drive
from tests.films import (
    ENCODER_S,
    FLASH_S,
    FRAME_S,
    LENGTH_S,
    beeping,
    drive_to_mux,
    flashing,
    made,
    moments,
    mux_step,
    muxed,
)

needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
CHAPTERS = (
    ";FFMETADATA1\ntitle=A day\nartist=Ann\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=Morning\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=5000\ntitle=Evening\n"
)
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,DejaVu,20\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Text\nDialogue: 0,0:00:01.00,0:00:02.00,Default,{\\i1}Hi\n"
)
pytestmark = needs_ffprobe


def shown(film: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", str(film)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return found


def kinds(film: Path) -> list[tuple[str, str]]:
    return [(one["codec_type"], one["codec_name"]) for one in shown(film)["streams"] if one["codec_type"] != "data"]


def packets(film: Path, kind: str, number: int = 0) -> list[bytes]:
    with av.open(str(film)) as container:
        stream = getattr(container.streams, kind)[number]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def copied(path: Path, *arguments: str) -> Path:
    return made(path, *arguments, "-c", "copy")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 with B-frames, and AAC."""
    path = tmp_path_factory.mktemp("films") / "plain.mp4"
    return made(path, *flashing(), *beeping(), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")


# Containers


CONTAINERS = [
    ("a.mp4", (*X264, "-c:a", "aac"), "mp4", "aac"),
    ("a.mov", (*X264, "-c:a", "alac"), "mp4", "alac"),
    ("a.mov", (*X264, "-c:a", "pcm_s16le"), "mkv", "pcm_s16le"),
    ("a.mkv", (*X264, "-c:a", "ac3"), "mp4", "ac3"),
    ("a.mkv", (*X264, "-c:a", "flac"), "mkv", "flac"),
    ("a.webm", ("-c:v", "libvpx", "-c:a", "libvorbis"), "mkv", "vorbis"),
    ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"), "mp4", "opus"),
    ("a.avi", ("-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"), "mp4", "mp3"),
    ("a.avi", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"), "mkv", "pcm_s16le"),
    ("a.ts", (*X264, "-c:a", "aac"), "mp4", "aac"),
    ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2"), "mkv", "mp2"),
    ("a.flv", (*X264, "-c:a", "aac"), "mp4", "aac"),
    ("a.wmv", ("-c:v", "wmv2", "-c:a", "wmav2"), "mkv", "wmav2"),
]


@pytest.mark.parametrize(("name", "codecs", "suffix", "sound"), CONTAINERS)
def test_picture_and_sound_are_copied_into_mp4_or_else_mkv_and_stay_in_sync(
    tmp_path: Path, name: str, codecs: tuple[str, ...], suffix: str, sound: str
) -> None:
    source = made(tmp_path / name, *flashing(), *beeping(), *codecs)
    job, film = muxed(source, tmp_path / "root")
    assert film.suffix == f".{suffix}"
    assert bool([text for text in job.warnings if "MKV" in text and f"({sound})" in text]) == (suffix == "mkv")
    assert [kind for kind, _ in kinds(film)] == ["video", "audio", "audio", "subtitle", "subtitle"]
    assert [codec for kind, codec in kinds(film) if kind == "audio"] == ["aac", sound]
    found, original = moments(film), moments(source)
    assert found.apart() < ENCODER_S
    assert abs((found.tones[1] - found.flash) - (original.tones[0] - original.flash)) < ENCODER_S
    assert abs(float(shown(film)["format"]["duration"]) - LENGTH_S) < 0.2


def test_the_copied_streams_are_the_same_to_the_byte(tmp_path: Path, plain: Path) -> None:
    _, film = muxed(plain, tmp_path / "root")
    assert packets(film, "video") == packets(plain, "video")
    assert packets(film, "audio", 1) == packets(plain, "audio")


def test_tracks_have_order_language_title_and_disposition(tmp_path: Path, plain: Path) -> None:
    films = [muxed(plain, tmp_path / "one")[1], muxed(as_mkv(plain, tmp_path), tmp_path / "two")[1]]
    assert [film.suffix for film in films] == [".mp4", ".mkv"]
    for film in films:
        streams = [one for one in shown(film)["streams"] if one["codec_type"] in ("audio", "subtitle")]
        assert [one["tags"]["language"] for one in streams] == ["por", "eng", "por", "eng"]
        name = "title" if film.suffix == ".mkv" else "handler_name"
        assert [one["tags"][name] for one in streams] == [
            "Portuguese (BR) (dubbed)",
            "English (original)",
            "Portuguese (BR)",
            "English",
        ]
        assert [one["disposition"]["default"] for one in streams] == [1, 0, 0, 0]
        assert streams[0]["disposition"]["dub"] == 1


def as_mkv(plain: Path, folder: Path) -> Path:
    """Return the film with a sound that only MKV holds."""
    return made(folder / "flac.mkv", "-i", str(plain), "-c:v", "copy", "-c:a", "flac")


def test_mp4_begins_with_its_index(tmp_path: Path, plain: Path) -> None:
    _, film = muxed(plain, tmp_path / "root")
    head = film.read_bytes()
    assert 0 < head.index(b"moov") < head.index(b"mdat")


def test_chapters_and_metadata_are_kept(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "chapters.txt").write_text(CHAPTERS, encoding="utf-8")
    both = ("-i", str(plain), "-i", str(tmp_path / "chapters.txt"), "-map", "0", "-map_metadata", "1")
    for number, source in enumerate((copied(tmp_path / "a.mp4", *both), copied(tmp_path / "b.mkv", *both))):
        _, film = muxed(source, tmp_path / f"root{number}")
        found = shown(film)
        assert [one["tags"]["title"] for one in found["chapters"]] == ["Morning", "Evening"]
        assert [float(one["start_time"]) for one in found["chapters"]] == pytest.approx([0, 2], abs=0.05)
        tags = {name.lower(): value for name, value in found["format"]["tags"].items()}
        assert (tags["title"], tags["artist"]) == ("A day", "Ann")


# Time


@pytest.mark.parametrize(
    "arguments",
    [
        ("late.mkv", "-i", "{plain}", "-itsoffset", "1", "-i", "{plain}", "-map", "0:v", "-map", "1:a"),
        ("late.ts", "-i", "{plain}", "-itsoffset", "1", "-i", "{plain}", "-map", "0:v", "-map", "1:a"),
        ("late.mp4", "-i", "{plain}", "-itsoffset", "1", "-i", "{plain}", "-map", "0:v", "-map", "1:a"),
        ("picture.ts", "-itsoffset", "0.7", "-i", "{plain}", "-i", "{plain}", "-map", "0:v", "-map", "1:a"),
        ("picture.mkv", "-itsoffset", "0.7", "-i", "{plain}", "-i", "{plain}", "-map", "0:v", "-map", "1:a"),
        ("far.ts", "-i", "{plain}", "-output_ts_offset", "100"),
        ("far.mkv", "-i", "{plain}", "-output_ts_offset", "100"),
        ("under.mkv", "-i", "{plain}", "-avoid_negative_ts", "disabled", "-output_ts_offset", "-0.5"),
        ("under.mp4", "-i", "{plain}", "-avoid_negative_ts", "disabled", "-output_ts_offset", "-0.5"),
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_dub_original_and_picture_stay_in_sync_with_odd_start_times(
    each_ffmpeg: Path, tmp_path: Path, plain: Path, arguments: tuple[str, ...]
) -> None:
    name, *rest = (one.format(plain=plain) for one in arguments)
    source = copied(tmp_path / name, *rest)
    _, film = muxed(source, tmp_path / "root")
    found, original = moments(film), moments(source)
    assert found.apart() < ENCODER_S
    assert abs((found.tones[1] - found.flash) - (original.tones[0] - original.flash)) < FRAME_S


@pytest.mark.parametrize("suffix", ["ts", "mpg", "mkv", "flv"])
def test_original_under_dub_is_in_sync_with_what_was_transcribed(tmp_path: Path, plain: Path, suffix: str) -> None:
    codecs = ("-c:v", "mpeg2video", "-c:a", "mp2") if suffix == "mpg" else ("-c", "copy")
    late = ("-itsoffset", "1", "-i", str(plain), "-map", "0:v", "-map", "1:a", *codecs)
    job = Drive(made(tmp_path / f"late.{suffix}", "-i", str(plain), *late), tmp_path / "root").run(until="split")
    heard = wav.read_range(job.job_dir / AUDIO)
    mix = StepSpec("mix/es", "mix", 70, "es", "media")
    task = job.task(mix)
    blocks = background_of(
        task.dropped, Mix(), length=3 * len(heard), deadline_s=task.deadline_s, separator=lambda: None, no_separator=str
    ).blocks
    assert blocks is not None
    behind = np.concatenate(list(blocks))[:, 0]
    begins = [np.flatnonzero(np.abs(sound) > 0.05)[0] / rate for sound, rate in ((heard, 16_000), (behind, 48_000))]
    assert begins[1] == pytest.approx(begins[0], abs=0.01)


def test_variable_frame_rate_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "vfr.mkv"
    skipping = ("-vf", "select='if(lt(t,2.5),1,not(mod(n,5)))'", "-fps_mode", "vfr", *X264, "-c:a", "aac")
    made(source, *flashing(), *beeping(), *skipping)
    _, film = muxed(source, tmp_path / "root")
    steps = [times(path) for path in (source, film)]
    assert len(set(steps[0])) > 1
    assert steps[1] == pytest.approx(steps[0], abs=0.002)


def times(film: Path) -> list[float]:
    """Return the time from each frame to the next."""
    with av.open(str(film)) as container:
        moments = [float(frame.time) for frame in container.decode(container.streams.video[0])]
    return [round(after - before, 3) for before, after in pairwise(moments)]


def test_rotated_picture_stays_rotated(each_ffmpeg: Path, tmp_path: Path, plain: Path) -> None:
    source = turned(tmp_path / "phone.mov", plain)
    job, film = muxed(source, tmp_path / "root")
    assert rotations(film) == rotations(source) != [0]
    assert not job.warnings


def test_job_warns_if_rotated_picture_cannot_stay_rotated(each_ffmpeg: Path, tmp_path: Path, plain: Path) -> None:
    source = turned(tmp_path / "phone.mov", plain, "-c:a", "pcm_s16le")
    job, film = muxed(source, tmp_path / "root")
    assert film.suffix == ".mkv"
    said = bool([text for text in job.warnings if "rotated or distorted" in text])
    assert said == (rotations(film) != rotations(source))


def turned(path: Path, plain: Path, *sound: str) -> Path:
    """Return the film as a phone held upright writes it."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(plain), "-c", "copy", *sound]
    subprocess.run([*command, "-metadata:s:v", "rotate=90", str(path)], check=True, timeout=60)
    return path


def rotations(film: Path) -> list[int]:
    with av.open(str(film)) as container:
        return [next(container.decode(container.streams.video[0])).rotation]


# More than one of a kind


@pytest.fixture(scope="module")
def three_tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with an English track of two channels, a French one of six (the default), and one without a name."""
    path = tmp_path_factory.mktemp("films") / "three.mkv"
    sounds = (*beeping(440, layout="stereo"), *beeping(880, layout="5.1"), *beeping(1320))
    maps = ("-map", "0", "-map", "1", "-map", "2", "-map", "3")
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fre", "-metadata:s:a:1", "title=Six")
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default", "-disposition:a:2", "comment")
    return made(path, *flashing(), *sounds, *maps, *X264, "-c:a", "aac", *tags, *flags)


@pytest.mark.parametrize(
    ("options", "channels"),
    [
        ({}, [6, 2, 1]),
        ({"audio_track": 1}, [2, 6, 1]),
        ({"audio_track": "en"}, [2, 6, 1]),
        ({"audio_track": 3}, [1, 2, 6]),
    ],
)
def test_processed_track_comes_second_and_the_others_follow(
    tmp_path: Path, three_tracks: Path, options: dict[str, Any], channels: list[int]
) -> None:
    job, film = muxed(three_tracks, tmp_path / "root", **options)
    sounds = [one for one in shown(film)["streams"] if one["codec_type"] == "audio"]
    assert [one["channels"] for one in sounds[1:]] == channels
    assert [one["disposition"]["default"] for one in sounds] == [1, 0, 0, 0]
    assert packets(film, "audio", 1) == packets(three_tracks, "audio", job.facts["probe"]["audio"]["index"] - 1)


def test_six_channels_are_kept_as_the_second_track(tmp_path: Path) -> None:
    source = made(tmp_path / "six.mp4", *flashing(), *beeping(layout="5.1"), *X264, "-c:a", "aac")
    _, film = muxed(source, tmp_path / "root")
    sounds = [one for one in shown(film)["streams"] if one["codec_type"] == "audio"]
    assert [one["channels"] for one in sounds] == [1, 6]
    assert packets(film, "audio", 1) == packets(source, "audio")
    assert moments(film).apart() < ENCODER_S


def test_missing_track_is_refused(tmp_path: Path, three_tracks: Path) -> None:
    with pytest.raises(NoAudio, match=r"1 \(English\), 2 \(French\), 3 \(language not given, commentary\)"):
        muxed(three_tracks, tmp_path / "root", audio_track="de")


def test_subtitles_of_film_follow_generated_ones(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "own.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nOwn words\n\n", encoding="utf-8")
    own = ("-i", str(plain), "-i", str(tmp_path / "own.srt"), "-c", "copy", "-metadata:s:s:0", "language=ger")
    source = made(tmp_path / "own.mkv", *own)
    _, film = muxed(source, tmp_path / "root")
    assert film.suffix == ".mp4"
    captions = [one for one in shown(film)["streams"] if one["codec_type"] == "subtitle"]
    assert [one["tags"]["language"] for one in captions] == ["por", "eng", "ger"]
    assert [one["disposition"]["default"] for one in captions] == [0, 0, 0]


def test_styled_subtitles_keep_their_fonts_in_mkv_along_with_cover(tmp_path: Path, plain: Path, cover: Path) -> None:
    (tmp_path / "own.ass").write_text(ASS, encoding="utf-8")
    (tmp_path / "own.ttf").write_bytes(b"\0\1\0\0 a font")
    font = ("-attach", str(tmp_path / "own.ttf"), "-metadata:s:t:0", "mimetype=application/x-truetype-font")
    art = ("-attach", str(cover), "-metadata:s:t:1", "mimetype=image/jpeg")
    source = copied(tmp_path / "own.mkv", "-i", str(plain), "-i", str(tmp_path / "own.ass"), *font, *art)
    job, film = muxed(source, tmp_path / "root")
    assert any("subtitles (ass)" in text and "MKV" in text for text in job.warnings)
    captions = [("subtitle", "subrip"), ("subtitle", "subrip"), ("subtitle", "ass")]
    assert kinds(film)[3:] == [*captions, ("attachment", "ttf"), ("video", "mjpeg")]
    assert [one["tags"]["filename"] for one in shown(film)["streams"][-2:]] == ["own.ttf", "cover.jpg"]


# Covers


@pytest.fixture(scope="module")
def cover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("covers") / "cover.jpg"
    return made(path, "-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-frames:v", "1")


@pytest.mark.parametrize("first", [True, False])
def test_cover_art_is_kept_and_is_not_the_films_picture(
    tmp_path: Path, plain: Path, cover: Path, *, first: bool
) -> None:
    maps = ("-map", "1", "-map", "0") if first else ("-map", "0", "-map", "1")
    source = copied(tmp_path / "a.mp4", "-i", str(plain), "-i", str(cover), *maps, *attached(0 if first else 1))
    job, film = muxed(source, tmp_path / "root")
    assert job.facts["probe"]["video"]["codec"] == "h264"
    pictures = [one for one in shown(film)["streams"] if one["codec_type"] == "video"]
    assert [(one["codec_name"], one["disposition"]["attached_pic"]) for one in pictures] == [("h264", 0), ("mjpeg", 1)]
    saved = save_cover(film, pictures[1]["index"], tmp_path)
    assert saved is not None and sha256(saved.path) == sha256(cover)


def attached(number: int) -> tuple[str, ...]:
    return (f"-disposition:v:{number}", "attached_pic", f"-disposition:v:{1 - number}", "default")


def test_cover_art_is_kept_in_mkv_and_from_mkv(tmp_path: Path, plain: Path, cover: Path) -> None:
    art = ("-attach", str(cover), "-metadata:s:t", "mimetype=image/jpeg", "-metadata:s:t", "filename=cover.jpg")
    for name, codec, suffix in (("a.mkv", "copy", "mp4"), ("b.mkv", "flac", "mkv")):
        source = made(tmp_path / name, "-i", str(plain), "-c:v", "copy", "-c:a", codec, *art)
        _, film = muxed(source, tmp_path / name[0])
        assert film.suffix == f".{suffix}"
        pictures = [one for one in shown(film)["streams"] if one["codec_type"] == "video"]
        assert [one["disposition"]["attached_pic"] for one in pictures] == [0, 1]
        saved = save_cover(film, pictures[1]["index"], tmp_path)
        assert saved is not None and sha256(saved.path) == sha256(cover)


# Checks


def test_no_subtitles_are_added_if_none_are_wanted(tmp_path: Path, plain: Path) -> None:
    _, film = muxed(plain, tmp_path / "root", subtitles={"mode": "none"})
    assert kinds(film) == [("video", "h264"), ("audio", "aac"), ("audio", "aac")]


def test_film_is_made_even_if_another_track_cannot_be_kept(tmp_path: Path, plain: Path) -> None:
    job, film = muxed(plain, tmp_path / "root", subtitles={"mode": "none"})
    sounds = job.facts["probe"]["sounds"]
    job.facts["probe"]["sounds"] = [*sounds, {**sounds[0], "index": 7}]
    result = job.run_step(mux_step("pt-BR"))
    assert kinds(job.job_dir / result["file"]) == kinds(film)
    assert [text for text in result["warnings"] if "The other tracks and the cover of plain.mp4" in text]


def test_last_subtitle_may_outlast_the_film(tmp_path: Path, plain: Path) -> None:
    job = drive_to_mux(as_mkv(plain, tmp_path), tmp_path / "root", target="pt")
    last = Segment(0, LENGTH_S - 0.2, LENGTH_S, "Uma linha tão comprida que se lê quando o filme já acabou.")
    Transcript("pt", LENGTH_S, (last,), engine={}).save(job.job_dir / translation_name("pt"))
    result = job.run_step(mux_step("pt"))
    assert result["file"] == "video.pt.mkv" and len(result["warnings"]) == 1
    assert float(shown(job.job_dir / result["file"])["format"]["duration"]) > LENGTH_S + 1


def test_sound_that_mp4_rejects_after_all_goes_into_mkv(tmp_path: Path) -> None:
    slow = ("-c:a", "libmp3lame", "-ar", "11025")  # MP4 takes MP3 from 16 kHz on
    source = made(tmp_path / "a.avi", *flashing(), *beeping(), "-c:v", "mpeg4", *slow)
    job, film = muxed(source, tmp_path / "root")
    assert film.suffix == ".mkv"
    assert [codec for kind, codec in kinds(film) if kind == "audio"] == ["aac", "mp3"]
    assert [text for text in job.warnings if "could not be muxed as MP4" in text]


@pytest.mark.parametrize(
    ("wrong", "output"),
    [
        ({"picture": "hevc"}, "its picture is h264, not hevc"),
        ({"sounds": 2}, "it has 1 audio tracks, not 2"),
        ({"subtitles": 1}, "it has 0 of 1 subtitles"),
        ({"shortest_s": 9.0, "longest_s": 9.0}, "it ends after 5.0 s"),
        ({"shortest_s": 1.0, "longest_s": 2.0}, "it is 5.0 s long"),
    ],
)
def test_film_that_differs_from_expectation_is_refused(plain: Path, wrong: dict[str, Any], output: str) -> None:
    right = {"picture": "h264", "sounds": 1, "subtitles": 0, "shortest_s": LENGTH_S, "longest_s": LENGTH_S}
    check_film(plain, Expected(**right), timeout_s=10)
    with pytest.raises(MediaToolFailed, match=output):
        check_film(plain, Expected(**{**right, **wrong}), timeout_s=10)


def test_half_a_film_is_refused(tmp_path: Path, plain: Path) -> None:
    half, data = tmp_path / "half.mp4", made(tmp_path / "a.mp4", "-i", str(plain), "-c", "copy").read_bytes()
    half.write_bytes(data[: len(data) // 2])
    expected = Expected("h264", 1, 0, FLASH_S, LENGTH_S)
    with pytest.raises(MediaToolFailed, match="cannot be read"):
        check_film(half, expected, timeout_s=10)
