"""Recordings that claim what they do not hold: each ends in outputs or a sentence, in little time, memory and disk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

if sys.platform == "win32":
    pytest.skip("the resources of each child are counted by POSIX", allow_module_level=True)

import dropdub
from dropdub.errors import DiskFull, MediaToolFailed, TooLarge, UnsupportedCodec
from dropdub.media import watch
from dropdub.media.claimed_length import longest_read_s
from dropdub.media.decoders import DECODERS, MOST_PIXELS
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.pictures import first_frame
from dropdub.media.probe import probe_media
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO
from dropdub.process.run import Program, run
from tests.films import made, muxed
from tests.security import hostile_media as hostile

SMALL, GIANT = hostile.png(64), hostile.png(16_000)
LONGEST_S, MOST_MEMORY, MOST_WRITTEN = 60.0, 400_000_000, 25_000_000
"""For each file: honest ones of two seconds take 3 s, 95 MB and 200 kB."""
ENDLESS = ("-f", "lavfi", "-i", "anoisesrc=r=48000", "-c:a", "pcm_s16le", "-f", "wav")


@dataclass(frozen=True)
class Attack:
    """A file, who makes it, and how it ends: `film`, `dub`, or the sentence of its refusal."""

    name: str
    make: Callable[[Path], Any]
    ends: str


def film_of(path: Path, frames: int = 20, *, giants: int = 0, **header: Any) -> Path:
    said: dict[str, Any] = {"size": (64, 64), "codec": b"MPNG", **header}
    return hostile.avi(path, [GIANT] * giants + [SMALL] * (frames - giants), **said)


def film_with(path: Path, *inputs: str | Path, options: tuple[str, ...] = ()) -> Path:
    given = [part for source in inputs for part in ("-i", str(source))]
    return made(path, *hostile.PICTURE, *hostile.SOUND, *given, "-c:v", "mpeg4", "-c:a", "aac", *options)


def film_of_chapters(path: Path) -> Path:
    listed = path.with_suffix(".chapters")
    listed.write_text(hostile.chapters(5_000), encoding="utf-8")
    return film_with(path, listed, options=("-map_chapters", "2"))


def film_of_subtitles(path: Path) -> Path:
    listed = path.with_suffix(".srt")
    listed.write_text(hostile.subtitles(50_000), encoding="utf-8")
    return film_with(path, listed, options=("-map", "0", "-map", "1", "-map", "2", "-c:s", "srt"))


def film_with_attachment(path: Path) -> Path:
    font = path.with_suffix(".ttf")
    font.write_bytes(bytes(20_000_000))
    return film_with(path, options=("-attach", str(font), "-metadata:s:t", "mimetype=font/ttf"))


def moving_picture(path: Path) -> Path:
    return made(path, *hostile.PICTURE, "-f", "gif")


def one_after_another(path: Path) -> Path:
    first, second = path.with_suffix(".wav"), path.with_suffix(".mkv")
    path.write_bytes(hostile.wav(first).read_bytes() + film_with(second).read_bytes() + b"#EXTM3U\n" * 1000)
    return path


NO_RECORDING = "NotMedia: .*cannot be read as a recording"
ATTACKS = (
    Attack("clock.mkv", partial(hostile.mkv_whose_clock_jumps, jump_s=40_000), "film"),
    Attack("clock.ogg", partial(hostile.ogg_whose_clock_jumps, jump_s=40_000), "NotMedia: .*states a length of 11 h"),
    Attack("cover.mp3", partial(hostile.mp3_with_cover, picture=GIANT), "dub"),
    Attack("cover.flac", partial(hostile.flac_with_cover, picture=GIANT), "dub"),
    Attack("title.mp3", partial(hostile.mp3_with, frame=b"TIT2", content=b"\0" + b"t" * 5_000_000), "dub"),
    Attack("claims.flac", partial(hostile.flac_that_claims, samples=2**36 - 1), "TooLong: .*18 d"),
    Attack("claims.wav", partial(hostile.wav, claimed=2**32 - 2), "dub"),
    Attack("slow.wav", partial(hostile.wav, rate=1), NO_RECORDING),
    Attack("fast.wav", partial(hostile.wav, rate=4_000_000_000), NO_RECORDING),
    Attack("channels.wav", partial(hostile.wav, channels=255), NO_RECORDING),
    Attack("rare.wav", partial(hostile.wav, form=0x401), r"UnsupportedCodec: rare\.wav .*\(imc\)"),
    Attack("years.m4a", partial(hostile.m4a_whose_samples_last, ticks=2**31 - 1), "TooLong"),
    Attack("deep.mp4", partial(hostile.mp4_of_deep_boxes, depth=100_000), "film"),
    Attack("giant.avi", partial(film_of, size=(16_384, 16_384), codec=b"\0" * 4), "dub"),
    Attack("frames.avi", partial(film_of, giants=3), "film"),
    Attack("rare.avi", partial(film_of, codec=b"VIXL"), r"UnsupportedCodec: rare\.avi .*\(vixl\)"),
    Attack("rate.avi", partial(film_of, rate=10**9), "film"),
    Attack("streams.avi", partial(film_of, sounds=3000), NO_RECORDING),
    Attack("noise.aac", hostile.adts_noise, "NotMedia|MediaToolFailed|dub"),
    Attack("moving.mp4", moving_picture, NO_RECORDING),
    Attack("chapters.mkv", film_of_chapters, "film"),
    Attack("cues.mkv", film_of_subtitles, "film"),
    Attack("attached.mkv", film_with_attachment, "film"),
    Attack("joined.wav", one_after_another, "dub"),
)


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """How each file passed all its readers, in one process with its children."""
    folder = tmp_path_factory.mktemp("hostile")
    for attack in ATTACKS:
        attack.make(folder / attack.name)
    files = [str(folder / attack.name) for attack in ATTACKS]
    root = Path(dropdub.__file__).parent.parent
    run = subprocess.run(
        [sys.executable, "-m", "tests.security.taking_media", *files],
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        encoding="utf-8",
        timeout=len(files) * LONGEST_S,
        check=True,
    )
    return {one["name"]: one for one in map(json.loads, run.stdout.splitlines())}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_no_claim_costs_more_than_its_file_allows(attack: Attack, endings: dict[str, dict[str, Any]]) -> None:
    ending = endings[attack.name]
    assert re.match(attack.ends, ending["end"])
    assert ending["seconds"] < LONGEST_S
    assert ending["memory"] < MOST_MEMORY
    assert ending["written"] < MOST_WRITTEN


def test_content_after_a_jump_of_the_clock_is_omitted(each_ffmpeg: Path, tmp_path: Path) -> None:
    source = hostile.mkv_whose_clock_jumps(tmp_path / "clock.mkv", 40_000)
    job, film = muxed(source, tmp_path / "root")
    assert job.facts["extract"]["duration_s"] < 3
    assert probe_media(film, timeout_s=10).duration_s < 10


def test_a_clock_that_jumps_a_little_at_a_time_is_accepted_at_its_claimed_length(
    each_ffmpeg: Path, tmp_path: Path
) -> None:
    source = hostile.mkv_whose_clock_jumps(tmp_path / "clock.mkv", 70)
    size = source.stat().st_size
    assert 70 < longest_read_s(2.0, size, most_s=1e6) < 100
    job, _ = muxed(source, tmp_path / "root")
    assert wav.duration_s(job.job_dir / AUDIO) < 100


def test_undeclared_sound_is_taken_as_far_as_the_files_bytes_can_hold_it() -> None:
    assert longest_read_s(3600.0, 50_000_000, most_s=43_200.0) > 2 * 3600  # two recordings, joined
    assert longest_read_s(2.0, 30_000, most_s=43_200.0) < 120
    assert longest_read_s(2.0, 10**12, most_s=43_200.0) < 46_000


def test_written_output_is_watched(each_ffmpeg: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.wav"
    with pytest.raises(TooLarge, match=r"over 1\.0 MB"):
        run_ffmpeg([*ENDLESS, str(output)], deadline_s=60, most_bytes=1_000_000)
    assert output.stat().st_size < 1_000_000_000


def test_the_disk_is_not_filled_completely(each_ffmpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_LEAST_FREE", 10**18)
    monkeypatch.setattr(watch, "_LEAST_FREE_SHARE", 1.0)
    with pytest.raises(DiskFull, match=r"almost full \(.* free\): ffmpeg"):
        run_ffmpeg([*ENDLESS, str(tmp_path / "out.wav")], deadline_s=60)


def test_memory_is_watched() -> None:
    hungry = "x = []\nwhile True: x.append(b'1' * 10_000_000)"
    bounds = watch.Watch(most_memory=300_000_000)
    with pytest.raises(TooLarge, match=r"more than 300\.0 MB of memory"):
        run(Program([sys.executable, "-c", hungry]), deadline_s=60, look=bounds.look)


def test_a_frame_larger_than_the_film_says_is_not_decoded(tmp_path: Path) -> None:
    film = film_of(tmp_path / "frames.avi", giants=20)
    assert first_frame(film, "video") is None
    assert first_frame(film_of(tmp_path / "honest.avi"), "video").width == 64


def test_ffmpeg_decodes_nothing_that_is_not_on_the_list(each_ffmpeg: Path, tmp_path: Path) -> None:
    rare = film_of(tmp_path / "rare.avi", codec=b"VIXL")
    with pytest.raises(MediaToolFailed):
        run_ffmpeg([*input_arguments(rare), "-map", "0:v", "-f", "null", "-"], deadline_s=60)
    run_ffmpeg([*input_arguments(rare), "-map", "0:a", "-f", "null", "-"], deadline_s=60)


def test_ffmpeg_decodes_no_oversized_picture(each_ffmpeg: Path, tmp_path: Path) -> None:
    film = film_of(tmp_path / "frames.avi", giants=20)
    said: list[str] = []
    command = [str(each_ffmpeg), "-v", "error", *input_arguments(film), "-map", "0:v", "-f", "framecrc", "-"]
    run(Program(command), deadline_s=60, on_line=said.append)
    assert not [line for line in said if not line.startswith("#")]


def test_every_decoder_of_the_list_is_known_to_an_ffmpeg() -> None:
    known: set[str] = set()
    for program in filter(None, (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe())):
        lines: list[str] = []
        run(Program([program, "-hide_banner", "-decoders"]), deadline_s=30, on_line=lines.append)
        known |= {line.split()[1] for line in lines if len(line.split()) > 1}
    assert set(DECODERS) - known <= {"libgsm", "libgsm_ms", "libspeex", "libvorbis", "libvpx", "libvpx-vp9"}


@pytest.mark.parametrize("size", [(7680, 4320), (12_288, 6480)], ids=["8K", "12K"])
def test_films_of_the_largest_cameras_are_accepted(size: tuple[int, int], tmp_path: Path) -> None:
    info = probe_media(film_of(tmp_path / "large.avi", size=size, codec=b"\0" * 4), timeout_s=10)
    assert info.video is not None
    assert (info.video.width, info.video.height) == size
    assert size[0] * size[1] < MOST_PIXELS


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("a.mkv", ("-c:v", "libx265", "-c:a", "eac3")),
        ("b.mkv", ("-c:v", "libvpx-vp9", "-c:a", "libopus")),
        ("c.mov", ("-c:v", "prores", "-c:a", "pcm_s24le")),
        ("d.mov", ("-c:v", "dnxhd", "-profile:v", "dnxhr_sq", "-s", "256x256", "-pix_fmt", "yuv422p", "-c:a", "alac")),
        ("e.avi", ("-c:v", "msmpeg4", "-c:a", "adpcm_ms")),
        ("f.wmv", ("-c:v", "wmv2", "-c:a", "wmav2")),
        ("g.mpg", ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2")),
        ("h.mkv", ("-c:v", "ffv1", "-c:a", "tta")),
        ("i.flv", ("-c:v", "flv", "-c:a", "adpcm_swf", "-ar", "22050")),
        ("j.mkv", ("-c:v", "libtheora", "-c:a", "libvorbis")),
        ("k.3gp", ("-c:v", "h263", "-s", "176x144", "-c:a", "aac")),
        ("l.mkv", ("-c:v", "mjpeg", "-c:a", "truehd", "-ar", "48000", "-strict", "-2")),
    ],
)
def test_common_formats_are_on_the_list(name: str, codecs: tuple[str, ...], tmp_path: Path) -> None:
    info = probe_media(made(tmp_path / name, *hostile.PICTURE, *hostile.SOUND, *codecs), timeout_s=10)
    assert info.video and info.audio


def test_a_rare_codec_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedCodec, match=r"rare\.wav uses an unsupported codec \(imc\)") as caught:
        probe_media(hostile.wav(tmp_path / "rare.wav", form=0x401), timeout_s=10)
    assert "Convert it" in caught.value.remedy
