"""The dub as an audio file with the tags, chapters and cover of the recording."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import MediaToolFailed
from dropdub.files.durable import written_whole
from dropdub.film.tracks import MP4_COVERS
from dropdub.languages import display_name, three_letters
from dropdub.media.ffmpeg import BITEXACT, input_arguments, run_ffmpeg
from dropdub.media.sound.master import TO_THE_SAMPLE
from dropdub.pipeline.artifacts import dub_name
from dropdub.pipeline.task import Task, target_of

_MORE_BYTES = 50_000_000


def tag_dub(task: Task) -> list[str]:
    """Write the tagged dub next to dub.T.m4a, without re-encoding; return warnings about what could not be kept.

    Texts and subtitles have no tags, so their dubs are left as they are.
    """
    if task.kind != "media":
        return []
    try:
        with written_whole(_tagged(task), scratch=task.prepared_scratch()) as part:
            run_ffmpeg([*_arguments(task), str(part)], deadline_s=task.deadline_s, most_bytes=_most_bytes(task))
    except MediaToolFailed as error:
        return [f"The tags, chapters and cover of {task.job_name} could not be added to its dub. {error.message}"]
    return []


def dub_to_publish(task: Task) -> str:
    """Return the name of the tagged dub, or of the plain one if tagging failed."""
    tagged = _tagged(task)
    return tagged.name if tagged.exists() else dub_name(target_of(task), "m4a")


def _tagged(task: Task) -> Path:
    return task.job_dir / f"tagged.{target_of(task)}.m4a"


def _arguments(task: Task) -> list[str]:
    probe = task.facts.probe
    inputs = [*input_arguments(task.job_dir / dub_name(target_of(task), "m4a")), *input_arguments(task.source)]
    # Ogg stores the tags with the audio stream, all other containers with the file.
    tags = ["-map_metadata", "1", "-map_metadata:g", f"1:s:{probe.sound.index}", "-map_chapters", "1"]
    return [*inputs, "-map", "0:a:0", *_cover(task), "-c", "copy", *tags, *_names(task), *_container()]


def _most_bytes(task: Task) -> int:
    """Return the maximum size of the tagged dub, including chapters and cover."""
    return (
        task.source.stat().st_size + 2 * (task.job_dir / dub_name(target_of(task), "m4a")).stat().st_size + _MORE_BYTES
    )


def _cover(task: Task) -> list[str]:
    cover = task.facts.probe.cover
    if not cover or cover.codec not in MP4_COVERS:
        return []
    return ["-map", f"1:{cover.index}", "-disposition:v:0", "attached_pic"]


def _names(task: Task) -> list[str]:
    target = target_of(task)
    title = f"{task.facts.probe.title or Path(task.job_name).stem} ({display_name(target)})"
    return ["-metadata", f"title={title}", "-metadata:s:a:0", f"language={three_letters(target)}"]


def _container() -> list[str]:
    return [*BITEXACT, *TO_THE_SAMPLE, "-movflags", "+faststart", "-f", "ipod"]
