"""The subtitles of a dubbed video: as tracks, or burned into its picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.config.job import SubtitleStyle
from dropdub.media.pictures import shown_size
from dropdub.pipeline.artifacts import TRANSCRIPT, Transcript, translation_name
from dropdub.pipeline.dropped_file import DroppedFile
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.subtitles.burning import BURNERS, Burner, burn_arguments, find_burner
from dropdub.subtitles.layout import Cue, layout, write_ass, write_srt

_SCRIPT = "burn.ass"


@dataclass(frozen=True)
class SubtitleFile:
    """A generated subtitle track and its language."""

    path: Path
    language: str


@dataclass(frozen=True)
class _Cues:
    """The subtitles of one language."""

    cues: list[Cue]
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


def film_subtitles(source: DroppedFile, style: SubtitleStyle, work: WorkFolder, target: str) -> FilmSubtitles:
    """Write the subtitle files that `style.mode` requires; a language without cues gets none."""
    if style.mode == "none":
        return FilmSubtitles()
    translated = _cues(source, style, work.path / translation_name(target))
    original = _cues(source, style, work.path / TRANSCRIPT)
    if style.mode == "soft":
        return FilmSubtitles(_tracks(work, translated, original))
    cues, scratch = translated.cues, work.prepared_scratch()
    burner = find_burner(cues, scratch) if cues else None
    if isinstance(burner, str):
        return FilmSubtitles(_tracks(work, translated, original), warnings=(_not_burnt(source.name, burner),))
    if burner:
        size = shown_size(source.path, source.probe.picture.index)
        write_ass(cues, scratch / _SCRIPT, size=size, line_length=style.line_length)
    return FilmSubtitles(_tracks(work, original), burner, _reencoded_warnings(source.name, burner))


def _cues(source: DroppedFile, style: SubtitleStyle, path: Path) -> _Cues:
    transcript = Transcript.load(path)
    fps, language = source.probe.picture.fps, transcript.language
    return _Cues(layout(transcript.segments, style, fps=fps, language=language), language)


def _tracks(work: WorkFolder, *wanted: _Cues) -> tuple[SubtitleFile, ...]:
    tracks: list[SubtitleFile] = []
    for one in wanted:
        if one.cues:
            path = work.prepared_scratch() / f"{len(tracks)}.srt"
            write_srt(one.cues, path)
            tracks.append(SubtitleFile(path, one.language))
    return tuple(tracks)


def _not_burnt(name: str, reason: str) -> str:
    return f"The subtitles of {name} could not be burned in, so they are a separate track. {reason}"


def _reencoded_warnings(name: str, burner: Burner | None) -> tuple[str, ...]:
    if burner is None:
        return ()
    what = f"The video of {name} was re-encoded with {burner.encoder} to burn in its subtitles."
    if burner is BURNERS[0]:
        return (what,)
    lacking = f"Its quality is lower, because this ffmpeg lacks {BURNERS[0].encoder}"
    return (f"{what} {lacking}. Install another ffmpeg, then run: `dropdub retry JOB`.",)
