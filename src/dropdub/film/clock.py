"""Where ffmpeg's clock begins: at the first of all streams of a film, for whatever reads one of them alone."""

from __future__ import annotations

from dropdub.film.tracks import kept_sounds, kept_subtitles
from dropdub.pipeline.facts import ProbeFacts

_COUNTED_FROM_USED = frozenset({"mpegts", "mpeg", "ogg", "flv", "rm", "wtv"})


def film_clock(probe: ProbeFacts) -> list[str]:
    """Return what, behind the input, makes ffmpeg count from where the film begins, as mux does.

    In these containers it counts from the first of the streams that are used: those of the film must be among them.
    """
    if probe.video is None or probe.container not in _COUNTED_FROM_USED:
        return []
    sounds, subtitles = kept_sounds(probe), kept_subtitles(probe)
    kept = [probe.video.index, *(one.index for one in sounds), *(one.index for one in subtitles)]
    maps = [part for index in kept for part in ("-map", f"0:{index}")]
    return [*maps, "-c", "copy", "-f", "null", "-"]
