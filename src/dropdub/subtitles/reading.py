"""Read the cues of SRT and WebVTT files as people and programs write them: without markup, sorted by time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import pysubs2

from dropdub.errors import TooLarge
from dropdub.subtitles.formats import JOINER, Cue
from dropdub.units import format_duration
from dropdub.untrusted.text import unescaped

MOST_CUES = 50_000
"""A day of uninterrupted talk has about 30,000."""
MOST_CHARACTERS = 5_000
"""In a cue. The screen holds a hundred; a minute of speech has a thousand."""
MOST_LINES = 100_000
"""In all cues, two each. Every line may become a segment of its own."""
_BRIEFEST_S = 0.1
# No character class contains the first character of its pattern, so garbage is scanned once, not from each of these.
_TAG = re.compile(r"< *(?:/ *)?[a-zA-Z][^<>]*+>")
_VTT_TIME = re.compile(r"<[\d:.]++>")
_OVERRIDE = re.compile(r"\{[^{}]*+\}")
_MANY_LINES = re.compile(r"\n{3,}")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_START = re.compile(rb"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})[ \t]{0,9}-->")
_DASH = re.compile(r"^[-–—‐]\s*(?=[^\s\d])")
"""Marks a change of speaker. It is kept if every line of a cue has it, so that shared cues can be recognized."""


def parse_cues(text: str, *, kind: str) -> list[Cue]:
    """Return the non-empty cues of a file's text, in order; `kind`: srt or vtt. Empty if there are none.

    A cue that ends before it starts gets a short duration. Raises TooLarge for more or longer cues than people write.
    """
    text = _cues_only(text) if kind == "vtt" else text
    try:
        # pysubs2's own search for tags is quadratic in their number, and its search for numbers in empty lines.
        file = pysubs2.SSAFile.from_string(_MANY_LINES.sub("\n\n", text), format_=kind, keep_html_tags=True)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, IndexError, OverflowError):
        return []
    _refuse_too_much(file)
    cues = [Cue(*_times(event), tuple(_lines(event.text, kind))) for event in file]
    _refuse_many(sum(len(cue.lines) for cue in cues), "lines", MOST_LINES)
    return sorted((cue for cue in cues if cue.lines), key=lambda cue: cue.start)


def _refuse_many(number: int, what: str, most: int) -> None:
    if number > most:
        sentence = f"It has {number:,} {what}; the limit is {most:,}."
        raise TooLarge(sentence, remedy="Split it into several files, and drop each with its part of the recording.")


def _refuse_too_much(file: pysubs2.SSAFile) -> None:
    _refuse_many(len(file), "subtitles", MOST_CUES)
    longest = max(file, key=lambda event: len(event.text), default=None)
    if longest is not None and len(longest.text) > MOST_CHARACTERS:
        at = format_duration(max(longest.start, 0) / 1000)
        sentence = f"Its subtitle at {at} has {len(longest.text):,} characters; the limit is {MOST_CHARACTERS:,}."
        raise TooLarge(sentence, remedy="Split that subtitle into several, then drop the file again.")


def _cues_only(text: str) -> str:
    """Return a WebVTT file without notes, styles, regions and cue identifiers, which must not be spoken.

    By the standard, a block ends at a blank line, and everything before the times of a cue is its identifier.
    """
    blocks = (block.split("\n") for block in _BLANK_LINES.split(re.sub(r"\r\n?", "\n", text)))
    times = ((lines, next((at for at, line in enumerate(lines) if "-->" in line), None)) for lines in blocks)
    return "\n\n".join(["WEBVTT", *("\n".join(lines[at:]) for lines, at in times if at is not None)]) + "\n"


def cue_starts(data: bytes) -> list[float]:
    """Return the sorted start times of a file's cues in seconds, without reading their texts. Linear for any input."""
    found = _START.finditer(data.replace(b"\0", b""))  # in UTF-16, every other byte of a number is zero
    times = (one.groups(b"0") for one in islice(found, MOST_CUES))
    parts = ([int(part) for part in one[:3]] + [int(one[3].ljust(3, b"0"))] for one in times)
    return sorted(hours * 3600 + minutes * 60 + seconds + millis / 1000 for hours, minutes, seconds, millis in parts)


def _times(event: pysubs2.SSAEvent) -> tuple[float, float]:
    start = max(event.start, 0) / 1000
    return start, max(event.end / 1000, start + _BRIEFEST_S)


def _lines(text: str, kind: str) -> Iterator[str]:
    text = _TAG.sub("", _OVERRIDE.sub("", text))
    text = text.replace(r"\h", " ").replace(r"\n", "\n").replace(r"\N", "\n")
    text = text.replace(JOINER, "").replace("\ufeff", "")
    if kind == "vtt":
        text = unescaped(_VTT_TIME.sub("", text))
    lines = [line for line in (" ".join(line.split()) for line in text.split("\n")) if line]
    is_shared = len(lines) > 1 and all(map(_DASH.match, lines))
    yield from lines if is_shared else (_DASH.sub("", line) for line in lines)
