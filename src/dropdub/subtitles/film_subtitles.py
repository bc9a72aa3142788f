"""The subtitles of a dubbed video: as tracks, or burned into its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.pictures import shown_size
from dropdub.pipeline.artifacts import TRANSCRIPT, Transcript, translation_name
from dropdub.pipeline.task import Task, target_of
from dropdub.subtitles.burning import BURNERS, Burner, burn_arguments, find_burner
from dropdub.subtitles.layout import Cue, layout, write_ass, write_srt

_SCRIPT = "burn.ass"


@dataclass(frozen=True)
class SubtitleFile:
    """A generated subtitle track and its language."""

    path: Path
    language: str


@dataclass(frozen=True)
class FilmSubtitles:
    """The subtitle tracks, target first, and the encoder, if the target's subtitles are burned in instead.

    `warnings` say that the picture is re-encoded, or why the subtitles cannot be burned in.
    """

    tracks: tuple[SubtitleFile, ...] = ()
    burner: Burner | None = None
    warnings: tuple[str, ...] = ()

    def picture_arguments(self) -> list[str]:
        """Return ffmpeg's arguments for the picture; its `folder` must be the step's scratch."""
        return burn_arguments(self.burner, _SCRIPT) if self.burner else []


def film_subtitles(task: Task) -> FilmSubtitles:
    """Write the subtitle files that `subtitles.mode` requires; a language without cues gets none."""
    mode, names = task.options.subtitles.mode, (translation_name(target_of(task)), TRANSCRIPT)
    if mode == "none":
        return FilmSubtitles()
    if mode == "soft":
        return FilmSubtitles(_tracks(task, names))
    cues, _ = _cues(task, names[0])
    burner = find_burner(cues, task.prepared_scratch()) if cues else None
    if isinstance(burner, str):
        return FilmSubtitles(_tracks(task, names), warnings=(_not_burnt(task, burner),))
    if burner:
        _write_script(task, cues)
    return FilmSubtitles(_tracks(task, names[1:]), burner, _reencoded_warnings(task, burner))


def _tracks(task: Task, names: Sequence[str]) -> tuple[SubtitleFile, ...]:
    tracks: list[SubtitleFile] = []
    for name in names:
        cues, language = _cues(task, name)
        if cues:
            path = task.prepared_scratch() / f"{len(tracks)}.srt"
            write_srt(cues, path)
            tracks.append(SubtitleFile(path, language))
    return tuple(tracks)


def _cues(task: Task, name: str) -> tuple[list[Cue], str]:
    transcript = Transcript.load(task.job_dir / name)
    style, fps = task.options.subtitles, task.facts.probe.picture.fps
    return layout(transcript.segments, style, fps=fps, language=transcript.language), transcript.language


def _write_script(task: Task, cues: Sequence[Cue]) -> None:
    size = shown_size(task.source, task.facts.probe.picture.index)
    line_length = task.options.subtitles.line_length
    write_ass(cues, task.prepared_scratch() / _SCRIPT, size=size, line_length=line_length)


def _not_burnt(task: Task, reason: str) -> str:
    return f"The subtitles of {task.job_name} could not be burned in, so they are a separate track. {reason}"


def _reencoded_warnings(task: Task, burner: Burner | None) -> tuple[str, ...]:
    if burner is None:
        return ()
    what = f"The video of {task.job_name} was re-encoded with {burner.encoder} to burn in its subtitles."
    if burner is BURNERS[0]:
        return (what,)
    lacking = f"Its quality is lower, because this ffmpeg lacks {BURNERS[0].encoder}"
    return (f"{what} {lacking}. Install another ffmpeg, then run: `dropdub retry JOB`.",)
