"""Read the cues of subtitle files as people and programs write them: without markup, sorted by time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from dropdub.errors import TooLarge
from dropdub.subtitles.arrow_cues import arrow_cues
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.json_cues import json_cues
from dropdub.subtitles.line_cues import LINE_FORMATS, microdvd_cues
from dropdub.subtitles.markup import shown_lines
from dropdub.subtitles.raw_cues import RawCue, RawCues, ended, named_losses
from dropdub.subtitles.recognition import subtitle_format
from dropdub.subtitles.rolling import read_once
from dropdub.subtitles.sami import sami_cues
from dropdub.subtitles.substation import substation_cues
from dropdub.subtitles.timed_xml import timedtext_cues, ttml_cues
from dropdub.units import format_duration

MOST_CUES = 50_000
"""A day of uninterrupted talk has about 30,000."""
MOST_CHARACTERS = 5_000
"""In a cue. The screen holds a hundred; a minute of speech has a thousand."""
MOST_LINES = 100_000
"""In all cues, two each. Every line may become a segment of its own."""
_BRIEFEST_S = 0.1
_LINE_END = re.compile(r"\r\n?|\x0b|\x85|\u2028|\u2029")
_START = re.compile(
    rb"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})(?:[ \t]{0,9}-->|,[ \t]{0,9}\d{1,3}:\d{2}:\d{2}[.,])"
)

_READERS: Mapping[str, Callable[[str], RawCues]] = {
    "srt": lambda text: arrow_cues(text, kind="srt"),
    "vtt": lambda text: arrow_cues(text, kind="vtt"),
    "sbv": lambda text: arrow_cues(text, kind="sbv"),
    "ass": substation_cues,
    "ttml": ttml_cues,
    "timedtext": timedtext_cues,
    "json3": json_cues,
    "json": json_cues,
    "sami": sami_cues,
    **{name: one.read for name, one in LINE_FORMATS.items()},
}
_ROLLING = ("timedtext", "json3")


@dataclass(frozen=True)
class ReadCues:
    """The non-empty cues of a file, in order of time, and sentences on what of it was not read."""

    cues: tuple[Cue, ...]
    warnings: tuple[str, ...] = ()


def read_subtitle(text: str, *, suffix: str = "", fps: float | None = None) -> ReadCues:
    """Return the cues of a file's text, whose content decides its format; without cues if it has none.

    `suffix`: of the file's name, for what looks like no format. `fps`: the film's frame rate, for times in frames.
    A cue that ends before it starts gets a short duration. Raises TooLarge for more or longer cues than people write,
    TooLong for times after 99 hours, and NotText for a damaged file.
    """
    text = _unified(text)
    kind = subtitle_format(text) or ("vtt" if suffix == ".vtt" else "srt")
    raw = microdvd_cues(text, fps=fps) if kind == "microdvd" else _READERS[kind](text)
    return as_shown(raw, kind)


def _unified(text: str) -> str:
    return _LINE_END.sub("\n", text).replace("\ufeff", "")  # files that were put together have it inside


def as_shown(raw: RawCues, kind: str) -> ReadCues:
    """Return the cues that a reader found in a file of this kind as a player shows them. Raises TooLarge."""
    _refuse_too_much(raw.cues)
    cues = [Cue(*_times(one), shown_lines(one.text, kind)) for one in ended(raw.cues)]
    _refuse_many(sum(len(cue.lines) for cue in cues), "lines", MOST_LINES)
    shown = sorted((cue for cue in cues if cue.lines), key=lambda cue: cue.start)
    return ReadCues(
        tuple(read_once(shown, rolls=kind in _ROLLING)), tuple(named_losses([*raw.losses, *_negative(raw.cues)]))
    )


def _negative(cues: Iterable[RawCue]) -> list[str]:
    found = [cue.line for cue in cues if cue.start < 0]
    if not found:
        return []
    which = f"{len(found)} subtitles start" if len(found) > 1 else f"The subtitle at line {found[0]} starts"
    return [f"{which} before 0:00, and {'are' if len(found) > 1 else 'is'} shown from 0:00."]


def _refuse_many(number: int, what: str, most: int) -> None:
    if number > most:
        sentence = f"It has {number:,} {what}; the limit is {most:,}."
        raise TooLarge(sentence, remedy="Split it into several files, and drop each with its part of the recording.")


def _refuse_too_much(cues: Sequence[RawCue]) -> None:
    _refuse_many(len(cues), "subtitles", MOST_CUES)
    longest = max(cues, key=lambda cue: len(cue.text), default=None)
    if longest is not None and len(longest.text) > MOST_CHARACTERS:
        at = format_duration(max(longest.start, 0))
        sentence = f"Its subtitle at {at} has {len(longest.text):,} characters; the limit is {MOST_CHARACTERS:,}."
        raise TooLarge(sentence, remedy="Split that subtitle into several, then drop the file again.")


def cue_starts(data: bytes) -> list[float]:
    """Return the sorted start times of a file's cues in seconds, without reading their texts. Linear for any input.

    Of the formats that Dropdub writes and people correct, and of SBV.
    """
    found = _START.finditer(data.replace(b"\0", b""))  # in UTF-16, every other byte of a number is zero
    times = (one.groups(b"0") for one in islice(found, MOST_CUES))
    parts = ([int(part) for part in one[:3]] + [int(one[3].ljust(3, b"0"))] for one in times)
    return sorted(hours * 3600 + minutes * 60 + seconds + millis / 1000 for hours, minutes, seconds, millis in parts)


def _times(cue: RawCue) -> tuple[float, float]:
    start = max(cue.start, 0.0)
    return start, max(cue.end or 0.0, start + _BRIEFEST_S)
