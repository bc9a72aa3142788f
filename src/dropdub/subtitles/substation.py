"""Read the cues of SubStation files: ASS and SSA.

pysubs2 also reads them, but refuses the whole file for one bad time, and supposes the usual order of the columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dropdub.subtitles.clock import TIME, seconds_of
from dropdub.subtitles.raw_cues import RawCue, RawCues

_USUAL: Sequence[str] = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_SYLLABLES = "fx"
"""The effect of events that a karaoke script made, one for each syllable and flourish."""
_TIME = re.compile(TIME)


def substation_cues(text: str) -> RawCues:
    """Return the dialogue of a script, without comments, and the events that cannot be read."""
    found, columns, section = RawCues(), _USUAL, ""
    for number, line in enumerate(text.split("\n"), start=1):
        key, colon, rest = line.strip().partition(":")
        if key.startswith("["):
            section = key.casefold()
        elif key.casefold() == "format" and "events" in section:
            columns = [name.strip().casefold() for name in rest.split(",")]
        elif key.casefold() == "dialogue" and colon:
            _take(rest, columns, number, found)
    return found


def _take(rest: str, columns: Sequence[str], number: int, found: RawCues) -> None:
    values = dict(zip(columns, rest.split(",", len(columns) - 1), strict=False))
    start, end = values.get("start", "").strip(), values.get("end", "").strip()
    if "text" not in values or not (_TIME.fullmatch(start) and _TIME.fullmatch(end)):
        found.lose(number, "its times cannot be read", values.get("text", rest))
    elif values.get("effect", "").strip().casefold() != _SYLLABLES and values["text"].strip():
        found.cues.append(RawCue(seconds_of(start), seconds_of(end), values["text"], number))
