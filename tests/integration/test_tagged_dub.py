"""The dub of a sound file: it keeps the recording's own tags."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from dropdub.files.durable import sha256
from dropdub.media.cover import save_cover
from dropdub.media.probe import probe_media
from dropdub.publishing.tagged_dub import dub_to_publish, tag_dub
from tests.drive import Drive
from tests.films import LENGTH_S, beeping, drive_to_mux, made, mux_step
from tests.integration.test_films import CHAPTERS


def tagged(source: Path, folder: Path) -> tuple[Drive, Path, list[str]]:
    job = drive_to_mux(source, folder, target="pt")
    warnings = tag(job)
    return job, job.job_dir / dub_to_publish(job.job_dir, "pt"), warnings


def tag(job: Drive) -> list[str]:
    task = job.task(mux_step("pt"))
    return tag_dub(task.dropped, task.work, "pt", deadline_s=task.deadline_s)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp3", "libmp3lame"), ("m4a", "aac"), ("flac", "flac"), ("opus", "libopus")]
)
def test_dub_keeps_tags_chapters_and_cover_of_its_recording(tmp_path: Path, suffix: str, codec: str) -> None:
    cover = made(tmp_path / "cover.jpg", "-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-frames:v", "1")
    (tmp_path / "chapters.txt").write_text(CHAPTERS, encoding="utf-8")
    picture = (
        () if suffix == "opus" else ("-i", str(cover), "-map", "2", "-c:v", "copy", "-disposition:v", "attached_pic")
    )
    inputs = (*beeping(), "-i", str(tmp_path / "chapters.txt"), *picture[:2])
    maps = ("-map", "0:a", "-map_metadata", "1", *picture[2:], "-c:a", codec)
    source = made(tmp_path / f"talk.{suffix}", *inputs, *maps)
    job, dub, warnings = tagged(source, tmp_path / "root")
    assert warnings == []
    with av.open(str(dub)) as file:
        assert (file.metadata["title"], file.metadata["artist"]) == ("A day (Portuguese)", "Ann")
        assert file.streams.audio[0].metadata["language"] == "por"
        chapters = [chapter["metadata"]["title"] for chapter in file.chapters()]
    assert chapters == ([] if suffix == "flac" else ["Morning", "Evening"])
    info = probe_media(dub, timeout_s=10)
    assert info.video is None and len(info.audio) == 1 and abs(info.duration_s - LENGTH_S) < 0.1
    assert sound(dub) == sound(job.job_dir / "dub.pt.m4a")
    if suffix != "opus":
        assert info.cover is not None
        saved = save_cover(dub, info.cover.index, tmp_path / "root")
        assert saved is not None and sha256(saved.path) == sha256(cover)


def sound(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(file.streams.audio[0]) if packet.size]


def test_dub_of_untagged_recording_is_titled_with_its_name(tmp_path: Path) -> None:
    _, dub, warnings = tagged(made(tmp_path / "a talk.wav", *beeping()), tmp_path / "root")
    assert warnings == []
    with av.open(str(dub)) as file:
        assert file.metadata["title"] == "a talk (Portuguese)"


def test_plain_dub_is_published_with_a_warning_if_recording_cannot_be_read(tmp_path: Path) -> None:
    source = made(tmp_path / "talk.mp3", *beeping())
    job = drive_to_mux(source, tmp_path / "root", target="pt")
    source.write_bytes(b"gone")
    assert [text for text in tag(job) if "could not be added to its dub" in text]
    assert dub_to_publish(job.job_dir, "pt") == "dub.pt.m4a"
