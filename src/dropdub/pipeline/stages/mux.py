"""mux: the film with its dub: picture copied, dubbed track first, original track second, both subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.engines.languages import display_name, three_letters
from dropdub.files import written_whole
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.subtitles import layout, write_srt
from dropdub.pipeline.artefacts import TRANSCRIPT, Transcript, dub_name, translation_name, video_name
from dropdub.pipeline.stages.base import Result, Task, target_of

MP4_PICTURES = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"})
MP4_SOUNDS = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})


@dataclass(frozen=True)
class Track:
    """A subtitle track: its file, and the language it is in."""

    path: Path
    language: str


def run(task: Task) -> Result:
    """Write video.T.mp4, or .mkv where MP4 cannot hold the picture; return which (`file`)."""
    target, video = target_of(task), task.facts["probe"]["video"]
    suffix = "mp4" if video["codec"] in MP4_PICTURES else "mkv"
    name = video_name(target, suffix)
    subtitles = _subtitles(task, target)
    inputs, streams = _inputs(task, target, subtitles), _streams(task, suffix, subtitles)
    with written_whole(task.job_dir / name, scratch=task.prepared_scratch()) as part:
        run_ffmpeg(
            [*inputs, *streams, *_tags(task, target, subtitles), *_container(suffix, video["codec"]), str(part)],
            deadline_s=task.deadline_s,
            duration_s=float(task.facts["probe"]["duration_s"]),
            progress=task.progress,
        )
    warning = f"MP4 cannot hold the picture of {task.job_name} ({video['codec']}): its dub is an MKV file."
    return {"file": name, "container": suffix, "warnings": [] if suffix == "mp4" else [warning]}


def _subtitles(task: Task, target: str) -> list[Track]:
    """Write the subtitle files, target first; a language without any cue has none."""
    fps = task.facts["probe"]["video"].get("fps")
    tracks: list[Track] = []
    for name in (translation_name(target), TRANSCRIPT):
        transcript = Transcript.load(task.job_dir / name)
        if cues := layout(transcript.segments, task.options.subtitles, fps=fps):
            path = task.prepared_scratch() / f"{len(tracks)}.srt"
            write_srt(cues, path)
            tracks.append(Track(path, transcript.language))
    return tracks


def _inputs(task: Task, target: str, subtitles: Sequence[Track]) -> list[str]:
    film = input_arguments(task.source, "-fflags", "+genpts")  # AVI stores no presentation times
    dub = input_arguments(task.job_dir / dub_name(target, "m4a"))
    return [*film, *dub, *(part for track in subtitles for part in ("-f", "srt", "-i", str(track.path)))]


def _streams(task: Task, suffix: str, subtitles: Sequence[Track]) -> list[str]:
    probe = task.facts["probe"]
    kept = suffix == "mkv" or probe["audio"]["codec"] in MP4_SOUNDS
    maps = [f"0:{probe['video']['index']}", "1:a:0", f"0:{probe['audio']['index']}"]
    maps += [f"{number}:0" for number in range(2, 2 + len(subtitles))]
    codecs = ["-c:v", "copy", "-c:a:0", "copy", "-c:a:1", "copy" if kept else "aac"]
    captions = ["-c:s", "mov_text" if suffix == "mp4" else "srt"] if subtitles else []
    return [*(part for one in maps for part in ("-map", one)), *codecs, *captions]


def _tags(task: Task, target: str, subtitles: Sequence[Track]) -> list[str]:
    spoken = str(task.facts["merge"]["language"])
    dubbed, original = f"{display_name(target)} (dubbed)", f"{display_name(spoken)} (original)"
    tags = [*_tag("a:0", target, dubbed), *_tag("a:1", spoken, original)]
    for number, track in enumerate(subtitles):
        tags += _tag(f"s:{number}", track.language, display_name(track.language))
    return [*tags, "-disposition:a:0", "default", "-disposition:a:1", "0", "-disposition:s", "0"]


def _tag(stream: str, language: str, title: str) -> list[str]:
    # MP4 shows the handler's name where Matroska shows the title.
    pairs = (f"language={three_letters(language)}", f"title={title}", f"handler_name={title}")
    return [part for pair in pairs for part in (f"-metadata:s:{stream}", pair)]


def _container(suffix: str, picture: str) -> list[str]:
    if suffix == "mkv":
        return ["-default_mode", "infer_no_subs", "-f", "matroska"]
    apple = ["-tag:v", "hvc1"] if picture == "hevc" else []
    return [*apple, "-movflags", "+faststart", "-f", "mp4"]
