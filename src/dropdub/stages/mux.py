"""mux: the dubbed video: original picture, dubbed audio track first, original second, subtitles of both."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.errors import MediaToolFailed
from dropdub.film.tracks import (
    MP4_COVERS,
    STYLED_SUBTITLES,
    Suffix,
    Track,
    container_for,
    kept_subtitles,
    reencoded_sounds,
    sound_tracks,
    subtitle_tracks,
    track_arguments,
)
from dropdub.media.cover import save_cover
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.film_check import TOLERANCE_S, TOLERANCE_SHARE, Expected, check_film, same_picture
from dropdub.media.mp4_flags import switch_subtitles_off
from dropdub.media.sound import wav
from dropdub.media.sound.master import TO_THE_SAMPLE
from dropdub.media.stream_types import CoverPicture
from dropdub.media.watch import MOST_MEMORY
from dropdub.pipeline.artifacts import AUDIO, dub_name, video_name
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.subtitles.film_subtitles import FilmSubtitles, film_subtitles

_CHECK_S = 30.0
_ENCODED_BYTES_A_SECOND = 100_000
"""Of one AAC track: more than eight channels need."""
_BESIDES_BYTES = 50_000_000
"""For subtitles, chapters, and the container's overhead for each packet."""


@dataclass(frozen=True)
class Film:
    """A video to write. Without `extras`, it keeps only the picture and the chosen audio track of the source."""

    suffix: Suffix
    tracks: tuple[Track, ...]
    subtitles: FilmSubtitles
    warnings: tuple[str, ...]
    extras: bool


def run(task: Task) -> Result:
    """Write video.T.mp4, or .mkv if MP4 cannot hold all streams; return its name (`file`).

    Raises MediaToolFailed if verification of the written video fails.
    """
    subtitles = film_subtitles(task.dropped, task.options.subtitles, task.work, target_of(task))
    ends_at = time.monotonic() + task.deadline_s
    failed: list[MediaToolFailed] = []
    for film in _attempts(task, subtitles):
        try:
            return _with_warnings(
                _written(task, film, ends_at), [_fallback_warning(task, film, error) for error in failed[:1]]
            )
        except MediaToolFailed as error:
            task.log(f"{task.job_name} could not be muxed as {film.suffix}: {error.message}")
            failed.append(error)
    raise failed[0]


def _attempts(task: Task, subtitles: FilmSubtitles) -> Iterator[Film]:
    """Yield the complete video, then simpler ones to try if ffmpeg cannot write it.

    MP4 may hold a codec but not the way the recording uses it. And a track that nobody requested, or a cover, must not
    cost the user the dubbed video.
    """
    whole = _film(task, subtitles, extras=True)
    yield whole
    if whole.suffix == "mp4":
        yield _film(task, subtitles, extras=True, suffix="mkv")
    plain = _film(task, subtitles, extras=False)
    if plain.tracks != whole.tracks or task.facts.probe.cover:
        yield plain


def _fallback_warning(task: Task, film: Film, error: MediaToolFailed) -> str:
    if film.extras:
        return f"{task.job_name} could not be muxed as MP4, so its dubbed video is an MKV file. {error.message}"
    return f"The other tracks and the cover of {task.job_name} could not be kept. {error.message}"


def _film(task: Task, subtitles: FilmSubtitles, *, extras: bool, suffix: Suffix | None = None) -> Film:
    target, probe, burner = target_of(task), task.facts.probe, subtitles.burner
    container = container_for(probe, burnt=burner is not None, extras=extras)
    suffix, languages = suffix or container.suffix, [one.language for one in subtitles.tracks]
    picture = Track("v", f"0:{probe.picture.index}", burner.encoder if burner else "copy", disposition="default")
    sounds = sound_tracks(probe, suffix, spoken=task.facts.merge.language, target=target, extras=extras)
    captions = subtitle_tracks(probe, suffix, languages, extras=extras)
    warnings = [*subtitles.warnings, *([_mkv_warning(task, container.reasons)] if container.reasons else [])]
    if reencoded_sounds(sounds):
        warnings.append(f"Neither MP4 nor MKV can hold the audio of {task.job_name}, so it was re-encoded as AAC.")
    return Film(suffix, (picture, *sounds, *captions), subtitles, tuple(warnings), extras)


def _mkv_warning(task: Task, reasons: Sequence[str]) -> str:
    return f"MP4 cannot hold all streams of {task.job_name}: {', '.join(reasons)}. Its dubbed video is an MKV file."


def _with_warnings(result: Result, warnings: Sequence[str]) -> Result:
    return {**result, "warnings": [*result["warnings"], *warnings]}


def _written(task: Task, film: Film, ends_at: float) -> Result:
    """Write the video and verify it; it appears in the work folder only if it is correct."""
    name = video_name(target_of(task), film.suffix)
    with task.work.written(name) as part:
        run_ffmpeg(
            [*_inputs(task, film), *_outputs(task, film), *_until(task), str(part)],
            deadline_s=ends_at - time.monotonic(),
            duration_s=task.facts.probe.duration_s,
            progress=task.progress,
            folder=task.prepared_scratch(),
            most_bytes=_most_bytes(task, film),
            # Encoding a large picture needs a lot of memory: then only the limit of the pool applies.
            most_memory=None if film.subtitles.burner else MOST_MEMORY,
        )
        if film.suffix == "mp4":
            switch_subtitles_off(part)
        check_film(part, _expected(task, film), timeout_s=_CHECK_S)
        warnings = [*film.warnings, *_look_warnings(task, film, part)]
    return {"file": name, "container": film.suffix, "warnings": warnings}


def _inputs(task: Task, film: Film) -> list[str]:
    picture = input_arguments(task.source, "-fflags", "+genpts")  # AVI stores no presentation times
    dub = input_arguments(task.job_dir / dub_name(target_of(task), "m4a"))
    return [*picture, *dub, *(part for one in film.subtitles.tracks for part in ("-f", "srt", "-i", str(one.path)))]


def _outputs(task: Task, film: Film) -> list[str]:
    probe = task.facts.probe
    arguments = [*track_arguments(film.tracks, film.suffix), "-map_metadata", "0", "-map_chapters", "0"]
    arguments += film.subtitles.picture_arguments()
    if not film.subtitles.burner and probe.picture.codec == "mpeg4" and probe.container == "avi":
        arguments += ["-bsf:v:0", "mpeg4_unpack_bframes"]  # AVI may put two frames into one packet
    container = _as_mp4 if film.suffix == "mp4" else _as_mkv
    return [*arguments, *container(task, film)]


def _as_mp4(task: Task, film: Film) -> list[str]:
    cover = task.facts.probe.cover
    apple = ["-tag:v:0", "hvc1"] if _picture_codec(task, film) == "hevc" else []
    art: list[str] = []
    if film.extras and cover and cover.codec in MP4_COVERS:
        art = ["-map", f"0:{cover.index}", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"]
    return [*art, *apple, *TO_THE_SAMPLE, "-movflags", "+faststart", "-f", "mp4"]


def _as_mkv(task: Task, film: Film) -> list[str]:
    probe = task.facts.probe
    attached: list[str] = []
    if film.extras and any(one.codec in STYLED_SUBTITLES for one in kept_subtitles(probe)) and probe.fonts:
        attached += ["-map", "0:t", "-c:t", "copy"]
    if film.extras and probe.cover:
        attached += _attached_cover(task, probe.cover, number=probe.fonts if attached else 0)
    return [*attached, "-default_mode", "infer_no_subs", "-f", "matroska"]


def _attached_cover(task: Task, art: CoverPicture, *, number: int) -> list[str]:
    cover = save_cover(task.source, art.index, task.prepared_scratch())
    if cover is None:
        return []
    tags = (f"mimetype={cover.mimetype}", f"filename={cover.path.name}")
    return ["-attach", str(cover.path), *(part for tag in tags for part in (f"-metadata:s:t:{number}", tag))]


def _expected(task: Task, film: Film) -> Expected:
    kinds: list[str] = [track.kind for track in film.tracks]
    return Expected(
        picture=_picture_codec(task, film),
        sounds=kinds.count("a"),
        subtitles=kinds.count("s"),
        shortest_s=_audio_s(task),
        longest_s=_longest_s(task),
    )


def _audio_s(task: Task) -> float:
    return wav.duration_s(task.job_dir / AUDIO)


def _longest_s(task: Task) -> float:
    """Return the latest end of the video: its last subtitle may stay for reading after everything else has ended."""
    return max(_audio_s(task), task.facts.probe.duration_s) + task.options.subtitles.max_duration


def _until(task: Task) -> list[str]:
    """Return the arguments that end the video: its timestamps may jump even if those of the audio do not."""
    return ["-t", f"{_longest_s(task) * (1 + TOLERANCE_SHARE) + TOLERANCE_S:.3f}"]


def _most_bytes(task: Task, film: Film) -> int | None:
    """Return the maximum size of a video whose streams are copied; None if the picture is encoded."""
    if film.subtitles.burner:
        return None
    copied = sum(path.stat().st_size for path in (task.source, task.job_dir / dub_name(target_of(task), "m4a")))
    return 2 * copied + int(reencoded_sounds(film.tracks) * _longest_s(task) * _ENCODED_BYTES_A_SECOND) + _BESIDES_BYTES


def _picture_codec(task: Task, film: Film) -> str:
    burner = film.subtitles.burner
    return burner.codec if burner else task.facts.probe.picture.codec


def _look_warnings(task: Task, film: Film, written: Path) -> list[str]:
    if film.subtitles.burner or same_picture(written, task.source, task.facts.probe.picture.index):
        return []
    what = f"The dubbed video of {task.job_name} may play rotated or distorted, because this ffmpeg cannot keep"
    return [f"{what} the display settings of the source. Install a newer ffmpeg, then run: `dropdub retry JOB`."]
