"""Where ffmpeg's clock begins: at the first of all streams of a film, for whatever reads one of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.film.tracks import kept_sounds, kept_subtitles

_COUNTED_FROM_USED = frozenset({"mpegts", "mpeg", "ogg", "flv", "rm", "wtv"})


def film_clock(probe: Mapping[str, Any]) -> list[str]:
    """Return what, behind the input, makes ffmpeg count from where the film begins, as mux does.

    In these containers it counts from the first of the streams that are used: those of the film must be among them.
    """
    if not probe["video"] or probe["container"] not in _COUNTED_FROM_USED:
        return []
    film = (probe["video"], *kept_sounds(probe), *kept_subtitles(probe))
    maps = [part for stream in film for part in ("-map", f"0:{stream['index']}")]
    return [*maps, "-c", "copy", "-f", "null", "-"]
