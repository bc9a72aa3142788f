"""The files of the report for `publish`: the page, and the original audio for its player."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dropdub.dubbing.quality import Quality
from dropdub.media.ffmpeg import UNTAGGED, input_arguments, run_ffmpeg
from dropdub.pipeline.artifacts import AUDIO, ORIGINAL_SOUND, TRANSCRIPT, Transcript, translation_name
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.report.contents import contents_of
from dropdub.report.page import page
from dropdub.translations.words import words_in

_SPEECH_BITS = "40k"
"""Bit rate: enough for 16 kHz mono, and 18 MB an hour."""


def report(job_dir: Path, manifest: Mapping[str, Any], quality: Quality, facts: Facts, *, language: str) -> str:
    """Return the report as an HTML page that speaks an offered language."""
    source = Transcript.load(job_dir / TRANSCRIPT)
    targets = {name: Transcript.load(job_dir / translation_name(name)) for name in manifest["targets"]}
    return page(contents_of(manifest, quality, facts, source, targets, words_in(language)))


def original_sound(work: WorkFolder, *, deadline_s: float, duration_s: float, progress: Callable[[float], None]) -> str:
    """Encode the original audio, on the timeline of the dub; return the artifact's name."""
    codec = ["-c:a", "aac", "-b:a", _SPEECH_BITS, "-movflags", "+faststart", "-f", "ipod"]
    with work.written(ORIGINAL_SOUND) as part:
        run_ffmpeg(
            [*input_arguments(work.path / AUDIO), *UNTAGGED, *codec, str(part)],
            deadline_s=deadline_s,
            duration_s=duration_s,
            progress=progress,
        )
    return ORIGINAL_SOUND
