from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace

import pytest

from dropdub.errors import EmptyFile, NotAFile, NotMedia, UnreadableFile
from dropdub.media import probe
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.probe import probe_media
from dropdub.media.sound_purpose import Purpose


def test_a_video_is_described(talk_video: Path) -> None:
    info = probe_media(talk_video, timeout_s=10)
    assert info.container.startswith("mov")
    assert info.duration_s == pytest.approx(11.0, abs=0.2)
    assert info.title == "A talk"
    assert info.size == talk_video.stat().st_size
    assert info.video is not None
    assert (info.video.codec, info.video.width, info.video.height, info.video.fps) == ("mpeg4", 160, 120, 25.0)
    (track,) = info.audio
    assert (track.codec, track.language, track.channels, track.sample_rate) == ("aac", "eng", 2, 44100)


def test_matroska_is_described(talk_mkv: Path) -> None:
    info = probe_media(talk_mkv, timeout_s=10)
    assert info.container.startswith("matroska")
    assert info.duration_s == pytest.approx(11.0, abs=0.2)
    assert [track.language for track in info.audio] == ["eng"]


def test_a_video_without_sound_has_no_audio(silent_video: Path) -> None:
    info = probe_media(silent_video, timeout_s=10)
    assert info.audio == ()
    assert info.video is not None


def test_the_content_decides_and_not_the_name(talk_video: Path, tmp_path: Path) -> None:
    renamed = Path(shutil.copy(talk_video, tmp_path / "talk.txt"))
    assert probe_media(renamed, timeout_s=10).video is not None


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bare.aac", ("-c:a", "aac", "-f", "adts")),
        ("bare.mp3", ("-c:a", "libmp3lame", "-write_xing", "0")),
        ("bare.ac3", ("-c:a", "ac3")),
        ("live.webm", ("-c:a", "libopus", "-f", "webm", "-live", "1")),
        ("speech.ogg", ("-c:a", "libopus")),
        ("speech.m4a", ("-c:a", "aac")),
        ("speech.ts", ("-c:a", "aac")),
        ("speech.wma", ("-c:a", "wmav2")),
    ],
)
def test_the_length_is_found_in_every_container(
    name: str, options: tuple[str, ...], speech: Path, tmp_path: Path, each_ffmpeg: Path
) -> None:
    run_ffmpeg([*input_arguments(speech), "-map", "0:a", *options, str(tmp_path / name)], deadline_s=60)
    info = probe_media(tmp_path / name, timeout_s=10)
    assert info.duration_s == pytest.approx(11.0, abs=0.2)
    assert len(info.audio) == 1


def test_the_length_is_estimated_if_time_does_not_suffice(
    speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "live.webm"
    run_ffmpeg([*input_arguments(speech), "-c:a", "libopus", "-f", "webm", "-live", "1", str(live)], deadline_s=60)
    clock = chain([0.0], repeat(1.0, 200), repeat(99.0))
    monkeypatch.setattr(probe, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    info = probe_media(live, timeout_s=10)
    assert info.duration_s == pytest.approx(11.0, rel=0.25)


def test_cover_art_is_not_a_video(speech: Path, tmp_path: Path) -> None:
    picture, song = tmp_path / "cover.png", tmp_path / "song.mp3"
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-frames:v", "1", str(picture)], deadline_s=30)
    both = ["-i", str(picture), "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic"]
    run_ffmpeg([*input_arguments(speech), *both, str(song)], deadline_s=30)
    info = probe_media(song, timeout_s=10)
    assert info.video is None
    assert len(info.audio) == 1


def test_two_sound_tracks_and_subtitles_are_counted(talk_video: Path, tmp_path: Path) -> None:
    words, film = tmp_path / "words.srt", tmp_path / "film.mkv"
    words.write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n", encoding="utf-8")
    tracks = ["-i", str(words), "-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "1", "-c:v", "copy"]
    tags = ["-metadata:s:a:1", "language=por", "-disposition:a:1", "default", "-disposition:a:0", "0"]
    run_ffmpeg([*input_arguments(talk_video), *tracks, *tags, str(film)], deadline_s=60)
    info = probe_media(film, timeout_s=10)
    assert [(track.language, track.default) for track in info.audio] == [("eng", False), ("por", True)]
    assert len(info.subtitles) == 1


@pytest.mark.parametrize("name", ["film.ts", "film.mkv", "film.mp4"])
def test_a_track_for_the_blind_is_recognised_in_every_container(name: str, talk_video: Path, tmp_path: Path) -> None:
    copied = ["-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", "-metadata:s:a:0", "language=eng"]
    marks = ["-disposition:a:0", "visual_impaired"]
    if name.endswith("mp4"):
        marks = ["-metadata:s:a:0", "handler_name=English (AD)", "-disposition:a:0", "default"]
    run_ffmpeg([*input_arguments(talk_video), *copied, *marks, str(tmp_path / name)], deadline_s=60)
    info = probe_media(tmp_path / name, timeout_s=10)
    assert [track.purpose for track in info.audio] == [Purpose.DESCRIPTION, Purpose.UNSTATED]


def test_a_late_start_is_reported(talk_video: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.ts"
    run_ffmpeg([*input_arguments(talk_video), "-c", "copy", "-output_ts_offset", "100", str(late)], deadline_s=60)
    info = probe_media(late, timeout_s=10)
    assert info.start_time_s > 99
    assert info.audio[0].start_time_s > 99
    assert info.duration_s == pytest.approx(11.0, abs=0.2)


@pytest.mark.parametrize("name", ["part.webm", "part.wma", "part.mkv"])
def test_the_time_before_a_late_start_is_no_part_of_the_length(name: str, speech: Path, tmp_path: Path) -> None:
    codec = {"part.webm": "libopus", "part.wma": "wmav2", "part.mkv": "flac"}[name]
    arguments = ["-map", "0:a", "-c:a", codec, "-output_ts_offset", "3600", str(tmp_path / name)]
    run_ffmpeg([*input_arguments(speech), *arguments], deadline_s=60)
    assert probe_media(tmp_path / name, timeout_s=10).duration_s == pytest.approx(11.0, abs=0.2)


@pytest.mark.parametrize(("count", "purpose"), [(1, Purpose.UNSTATED), (2, Purpose.COMMENTARY)])
def test_the_title_of_the_only_track_is_that_of_the_recording(
    count: int, purpose: Purpose, speech: Path, tmp_path: Path
) -> None:
    sermon = tmp_path / "sermon.mka"
    titled = ["-metadata:s:a:0", "title=Commentary on Romans", "-c:a", "libopus"]
    run_ffmpeg([*input_arguments(speech), *["-map", "0:a"] * count, *titled, str(sermon)], deadline_s=60)
    assert probe_media(sermon, timeout_s=10).audio[0].purpose is purpose


def test_a_language_that_is_written_out_is_a_language(speech: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mka"
    named = ["-metadata:s:a:0", "language=Portuguese", "-map", "0:a", "-map", "0:a", "-c:a", "libopus"]
    run_ffmpeg([*input_arguments(speech), *named, "-metadata:s:a:1", "language=qad", str(film)], deadline_s=60)
    assert [track.language for track in probe_media(film, timeout_s=10).audio] == ["pt", None]


@pytest.mark.parametrize(
    "content",
    [
        b"just some words\n" * 20,
        b"\0" * 5000,
        random.Random(7).randbytes(50_000),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"%PDF-1.7\n" + b"x" * 1000,
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n",
        b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2",
        b"ID3\x04\0\0\0\0\0\x7f" + b"\xff" * 200,
        b"fLaC\0\0\0\x22" + b"\0" * 34,
    ],
    ids=["text", "zeros", "noise", "png", "pdf", "wav head", "playlist", "mp4 head", "id3 only", "flac head"],
)
@pytest.mark.parametrize("name", ["what.mp4", "what.mp3"])
def test_a_file_that_is_not_a_recording_is_refused_by_name(content: bytes, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(NotMedia, match=name):
        probe_media(file, timeout_s=10)


def test_an_mp4_cut_short_is_refused(talk_video: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(talk_video.read_bytes()[:20_000])
    with pytest.raises(NotMedia, match=r"cut\.mp4"):
        probe_media(cut, timeout_s=10)


def test_bytes_changed_anywhere_raise_no_error_of_the_library(talk_video: Path, talk_mkv: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    for number in range(60):
        content = bytearray((talk_video if number % 2 else talk_mkv).read_bytes())
        ends = (0, 2000) if number % 3 else (len(content) - 8000, len(content))
        for _ in range(20):
            content[chance.randrange(*ends)] = chance.randrange(256)
        broken = tmp_path / "broken"
        broken.write_bytes(content)
        with contextlib.suppress(NotMedia):
            assert probe_media(broken, timeout_s=10).duration_s > 0


def test_an_empty_file_is_reported_as_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(EmptyFile, match=r"empty\.mp4"):
        probe_media(tmp_path / "empty.mp4", timeout_s=10)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(NotAFile):
        probe_media(tmp_path, timeout_s=10)


def test_a_missing_file_raises_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe_media(tmp_path / "gone.mp4", timeout_s=10)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="an account that rights bind")
def test_a_file_without_read_permission_is_reported_as_unreadable(talk_video: Path, tmp_path: Path) -> None:
    closed = Path(shutil.copy(talk_video, tmp_path / "closed.mp4"))
    closed.chmod(0)
    with pytest.raises(UnreadableFile, match=r"closed\.mp4"):
        probe_media(closed, timeout_s=10)
