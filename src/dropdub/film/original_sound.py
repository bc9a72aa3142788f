"""The sound of a recording on the clock of its video: time starts at the first stream, even if only one is read."""

from __future__ import annotations

from pathlib import Path

from dropdub.film.tracks import kept_sounds, kept_subtitles
from dropdub.media.containers import RAW_CONTAINERS
from dropdub.media.ffmpeg import input_arguments
from dropdub.media.sound.timed import TimedSound
from dropdub.pipeline.facts import ProbeFacts

_COUNTED_FROM_USED = frozenset({"mpegts", "mpeg", "ogg", "flv", "rm", "wtv"})


def original_sound(path: Path, probe: ProbeFacts, *, keeps_time: bool = True) -> TimedSound:
    """Return the sound to dub of the recording at `path`.

    `keeps_time` is False if `extract` found that the recording's clock does not fit its sound.
    """
    has_clock = keeps_time and probe.container not in RAW_CONTAINERS
    return TimedSound([*input_arguments(path), *_film_clock(probe)], probe.sound_stream, has_clock)


def _film_clock(probe: ProbeFacts) -> list[str]:
    """Return the arguments after the input that make ffmpeg count time from the start of the video, as `mux` does.

    In some containers, ffmpeg counts from the first stream in use, so all streams of the dubbed video are mapped.
    """
    if probe.video is None or probe.container not in _COUNTED_FROM_USED:
        return []
    sounds, subtitles = kept_sounds(probe), kept_subtitles(probe)
    kept = [probe.video.index, *(one.index for one in sounds), *(one.index for one in subtitles)]
    maps = [part for index in kept for part in ("-map", f"0:{index}")]
    return [*maps, "-c", "copy", "-f", "null", "-"]
