"""Where ffmpeg's timestamps start: at the first stream of the video, even when only one stream is read."""

from __future__ import annotations

from dropdub.film.tracks import kept_sounds, kept_subtitles
from dropdub.pipeline.facts import ProbeFacts

_COUNTED_FROM_USED = frozenset({"mpegts", "mpeg", "ogg", "flv", "rm", "wtv"})


def film_clock(probe: ProbeFacts) -> list[str]:
    """Return the arguments after the input that make ffmpeg count time from the start of the video, as `mux` does.

    In some containers, ffmpeg counts from the first stream in use, so all streams of the dubbed video are mapped.
    """
    if probe.video is None or probe.container not in _COUNTED_FROM_USED:
        return []
    sounds, subtitles = kept_sounds(probe), kept_subtitles(probe)
    kept = [probe.video.index, *(one.index for one in sounds), *(one.index for one in subtitles)]
    maps = [part for index in kept for part in ("-map", f"0:{index}")]
    return [*maps, "-c", "copy", "-f", "null", "-"]
