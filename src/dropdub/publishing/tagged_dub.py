"""The dub as an audio file with the tags, chapters and cover of the recording."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import MediaToolFailed
from dropdub.film.tracks import MP4_COVERS
from dropdub.languages import display_name, three_letters
from dropdub.media.ffmpeg import BITEXACT, input_arguments, run_ffmpeg
from dropdub.media.sound.master import TO_THE_SAMPLE
from dropdub.media.stream_types import CoverPicture
from dropdub.pipeline.artifacts import dub_name
from dropdub.pipeline.dropped_file import DroppedFile
from dropdub.pipeline.work_folder import WorkFolder

_MORE_BYTES = 50_000_000


def tag_dub(source: DroppedFile, work: WorkFolder, target: str, *, deadline_s: float) -> list[str]:
    """Write the tagged dub next to dub.T.m4a, without re-encoding; return warnings about what could not be kept.

    Subtitles have no tags, so their dubs are left as they are.
    """
    if not source.is_recording:
        return []
    plain = work.path / dub_name(target, "m4a")
    try:
        with work.written(tagged_name(target)) as part:
            arguments = [*_arguments(source, plain, target), str(part)]
            run_ffmpeg(arguments, deadline_s=deadline_s, most_bytes=_most_bytes(source.path, plain))
    except MediaToolFailed as error:
        return [not_tagged(source.name, error)]
    return []


def not_tagged(name: str, error: MediaToolFailed) -> str:
    """Return the warning about a dub without the tags of what was dropped."""
    return f"The tags, chapters and cover of {name} could not be added to its dub. {error.message}"


def dub_to_publish(job_dir: Path, target: str) -> str:
    """Return the name of the tagged dub, or of the plain one if tagging failed."""
    tagged = tagged_name(target)
    return tagged if (job_dir / tagged).exists() else dub_name(target, "m4a")


def tagged_name(target: str) -> str:
    return f"tagged.{target}.m4a"


def _arguments(source: DroppedFile, plain: Path, target: str) -> list[str]:
    inputs = [*input_arguments(plain), *input_arguments(source.path)]
    # Ogg stores the tags with the audio stream, all other containers with the file.
    tags = ["-map_metadata", "1", "-map_metadata:g", f"1:s:{source.probe.sound.index}", "-map_chapters", "1"]
    cover, names = _cover(source.probe.cover), _names(source, target)
    return [*inputs, "-map", "0:a:0", *cover, "-c", "copy", *tags, *names, *_container()]


def _most_bytes(source: Path, plain: Path) -> int:
    """Return the maximum size of the tagged dub, including chapters and cover."""
    return source.stat().st_size + 2 * plain.stat().st_size + _MORE_BYTES


def _cover(cover: CoverPicture | None) -> list[str]:
    if not cover or cover.codec not in MP4_COVERS:
        return []
    return ["-map", f"1:{cover.index}", "-disposition:v:0", "attached_pic"]


def _names(source: DroppedFile, target: str) -> list[str]:
    title = f"{source.probe.title or Path(source.name).stem} ({display_name(target)})"
    return ["-metadata", f"title={title}", "-metadata:s:a:0", f"language={three_letters(target)}"]


def _container() -> list[str]:
    return [*BITEXACT, *TO_THE_SAMPLE, "-movflags", "+faststart", "-f", "ipod"]
