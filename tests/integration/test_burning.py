"""Subtitles in the picture itself: seen in its pixels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dropdub.media.ffmpeg import FFMPEG_VARIABLE, find_ffmpeg
from dropdub.pipeline.artifacts import translation_name
from tests.drive import Drive
from tests.films import FLASH_S, LENGTH_S, beeping, drive_to_mux, made, mux_step, spoken

DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{folder}</dir></fontconfig>'
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="fontconfig lists fonts on Linux only")


def grey(path: Path, *arguments: str, size: str = "640x360") -> Path:
    picture = ("-f", "lavfi", "-i", f"color=gray:s={size}:r=25:d={LENGTH_S}")
    return made(path, *picture, *beeping(), *H264, *arguments)


def burnt(source: Path, folder: Path, text: str = "Uma linha.", **subtitles: Any) -> tuple[Drive, Path]:
    job = drive_to_mux(source, folder, target="pt", subtitles={"mode": "burn", **subtitles})
    spoken("pt", text).save(job.job_dir / translation_name("pt"))
    return job, job.job_dir / job.run_step(mux_step("pt"))["file"]


def white_rows(film: Path) -> dict[bool, list[int]]:
    """Return the rows with white pixels in any frame, by whether the frame is within the cue's time."""
    found: dict[bool, set[int]] = {True: set(), False: set()}
    with av.open(str(film)) as container:
        for frame in container.decode(container.streams.video[0]):
            within = FLASH_S <= float(frame.time) < FLASH_S + 1
            if within or frame.time < FLASH_S - 0.1:
                found[within] |= set(np.flatnonzero((frame.to_ndarray(format="gray") > 200).any(axis=1)).tolist())
    return {within: sorted(rows) for within, rows in found.items()}


def picture(film: Path) -> tuple[str, int, int, int]:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        return stream.codec_context.codec.canonical_name, frame.width, frame.height, frame.rotation


def subtitle_languages(film: Path) -> list[str]:
    with av.open(str(film)) as container:
        return [stream.metadata["language"] for stream in container.streams.subtitles]


def test_words_are_shown_at_bottom_of_picture_while_spoken(each_ffmpeg: Path, tmp_path: Path) -> None:
    job, film = burnt(grey(tmp_path / "it's a: [film].mp4"), tmp_path / "the root")
    rows = white_rows(film)
    assert rows[False] == []
    assert rows[True] and 180 < rows[True][0] < rows[True][-1] < 360
    assert picture(film) == ("h264", 640, 360, 0)
    said = "The video of it's a: [film].mp4 was re-encoded with libx264 to burn in its subtitles."
    assert job.warnings == [said]


def test_other_language_remains_a_selectable_track(tmp_path: Path) -> None:
    assert subtitle_languages(burnt(grey(tmp_path / "a.mp4"), tmp_path / "root")[1]) == ["eng"]


def test_portrait_film_stays_portrait_with_horizontal_words(tmp_path: Path) -> None:
    source = tmp_path / "phone.mov"
    grey(tmp_path / "a.mp4")
    made(source, "-i", str(tmp_path / "a.mp4"), "-c", "copy", "-metadata:s:v", "rotate=90")
    assert picture(source)[3] != 0
    _, film = burnt(source, tmp_path / "root")
    assert picture(film) == ("h264", 360, 640, 0)
    rows = white_rows(film)[True]
    assert rows and rows[0] > 320 and rows[-1] - rows[0] < 100


def test_picture_with_wide_pixels_gets_square_pixels(tmp_path: Path) -> None:
    _, film = burnt(grey(tmp_path / "a.ts", "-vf", "setsar=64/45", size="180x144"), tmp_path / "root")
    assert picture(film) == ("h264", 256, 144, 0)


def test_every_frame_keeps_its_time(tmp_path: Path) -> None:
    uneven = ("-vf", "select='if(lt(t,2.5),1,not(mod(n,5)))'", "-fps_mode", "vfr")
    source = grey(tmp_path / "vfr.mkv", *uneven)
    _, film = burnt(source, tmp_path / "root")
    times = [frame_times(path) for path in (source, film)]
    assert len(times[1]) == len(times[0])
    assert np.abs(np.diff(times[1]) - np.diff(times[0])).max() < 0.002


def frame_times(film: Path) -> list[float]:
    with av.open(str(film)) as container:
        return [float(frame.time) for frame in container.decode(container.streams.video[0])]


def test_picture_only_mkv_can_hold_becomes_mp4_once_encoded(tmp_path: Path) -> None:
    source = made(tmp_path / "a.webm", "-i", str(grey(tmp_path / "a.mp4")), "-c:v", "libvpx", "-c:a", "libopus")
    assert burnt(source, tmp_path / "root")[1].suffix == ".mp4"


@on_linux
def test_words_become_a_track_with_a_warning_if_no_font_is_installed(
    each_ffmpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts_only_in(tmp_path / "nowhere", tmp_path, monkeypatch)
    job, film = burnt(grey(tmp_path / "a.mp4"), tmp_path / "root")
    assert subtitle_languages(film) == ["por", "eng"]
    (warning,) = job.warnings
    assert "are a separate track" in warning and "No font is installed. Install one" in warning


@on_linux
@pytest.mark.skipif(not DEJAVU.is_dir(), reason="the DejaVu fonts are not installed")
def test_letters_missing_from_all_fonts_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fonts_only_in(DEJAVU, tmp_path, monkeypatch)
    job, film = burnt(grey(tmp_path / "a.mp4"), tmp_path / "root", text="你好朋友")
    assert subtitle_languages(film) == ["por", "eng"]
    assert any("No installed font has the letters 你好朋友" in warning for warning in job.warnings)


def fonts_only_in(folder: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = scratch / "fonts.conf"
    settings.write_text(FONTS.format(folder=folder), encoding="utf-8")
    monkeypatch.setenv("FONTCONFIG_FILE", str(settings))


class FakeFfmpeg:
    """The real one behind a script that fails with its message if an argument names the feature it is to lack."""

    def __init__(self, folder: Path, *, lacking: str, sentence: str) -> None:
        self.path = folder / "ffmpeg-that-lacks"
        refusal = f'case "$*" in *{lacking}*) echo "{sentence}" >&2; exit 1;; esac'
        self.path.write_text(f'#!/bin/sh\n{refusal}\nexec {find_ffmpeg()} "$@"\n', encoding="utf-8")
        self.path.chmod(0o755)


@on_linux
@pytest.mark.parametrize(
    ("lacking", "sentence", "codec", "shown"),
    [
        ("libx264", "Unknown encoder 'libx264'", "mpeg4", "this ffmpeg lacks libx264"),
        ("subtitles=", "No such filter: 'subtitles'", "h264", "This ffmpeg cannot draw subtitles"),
    ],
)
def test_features_missing_from_ffmpeg_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str, sentence: str, codec: str, shown: str
) -> None:
    source = grey(tmp_path / "a.mp4")
    fake = FakeFfmpeg(tmp_path, lacking=lacking, sentence=sentence)
    monkeypatch.setenv(FFMPEG_VARIABLE, str(fake.path))
    job, film = burnt(source, tmp_path / "root")
    assert picture(film)[0] == codec
    assert [warning for warning in job.warnings if shown in warning]
