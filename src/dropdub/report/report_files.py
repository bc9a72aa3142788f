"""The files of the report for `publish`: the page, and the original audio for its player."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.dubbing.quality import Quality
from dropdub.files.durable import written_whole
from dropdub.media.ffmpeg import UNTAGGED, input_arguments, run_ffmpeg
from dropdub.pipeline.artifacts import AUDIO, ORIGINAL_SOUND, TRANSCRIPT, Transcript, translation_name
from dropdub.pipeline.task import Task
from dropdub.report.contents import contents_of
from dropdub.report.page import page

_SPEECH_BITS = "40k"
"""Bit rate: enough for 16 kHz mono, and 18 MB an hour."""


def report(task: Task, manifest: Mapping[str, Any], quality: Quality) -> str:
    """Return the report as an HTML page."""
    source = Transcript.load(task.job_dir / TRANSCRIPT)
    targets = {name: Transcript.load(task.job_dir / translation_name(name)) for name in manifest["targets"]}
    return page(contents_of(manifest, quality, task.facts, source, targets))


def original_sound(task: Task) -> str:
    """Encode the original audio, on the timeline of the dub; return the artifact's name."""
    track = task.job_dir / AUDIO
    codec = ["-c:a", "aac", "-b:a", _SPEECH_BITS, "-movflags", "+faststart", "-f", "ipod"]
    with written_whole(task.job_dir / ORIGINAL_SOUND, scratch=task.prepared_scratch()) as part:
        run_ffmpeg(
            [*input_arguments(track), *UNTAGGED, *codec, str(part)],
            deadline_s=task.deadline_s,
            duration_s=task.facts.extract.length_s,
            progress=task.progress,
        )
    return ORIGINAL_SOUND
