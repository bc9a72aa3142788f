"""The cues of subtitles that tests make or receive."""

from __future__ import annotations

from dropdub.subtitles.formats import Cue
from dropdub.subtitles.reading import read_subtitle


def cues_of(text: str, *, kind: str) -> list[Cue]:
    """Return the cues of an SRT or WebVTT text."""
    return list(read_subtitle(text, suffix=f".{kind}").cues)
