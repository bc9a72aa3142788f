"""Cues read from SRT and WebVTT, as people and programs write them: without markup, in the order of time."""

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
"""A day of talk without a pause has some 30,000."""
MOST_CHARACTERS = 5_000
"""Of a cue. The screen holds a hundred, a whole minute of speech has a thousand."""
MOST_LINES = 100_000
"""Of all cues: two each, as people make them. Each may be another speaker's."""
_BRIEFEST_S = 0.1
# No class has the character that begins the pattern: so garbage is read once, and not from each of these anew.
_TAG = re.compile(r"< *(?:/ *)?[a-zA-Z][^<>]*+>")
_VTT_TIME = re.compile(r"<[\d:.]++>")
_OVERRIDE = re.compile(r"\{[^{}]*+\}")
_MANY_LINES = re.compile(r"\n{3,}")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_START = re.compile(rb"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})[ \t]{0,9}-->")
_DASH = re.compile(r"^[-–—‐]\s*(?=[^\s\d])")
"""Marks another speaker. Where every line of a cue has it, it stays: so the cue is known to be shared."""


def parse_cues(text: str, *, kind: str) -> list[Cue]:
    """Return the cues of a file's text that show something, in order; `kind`: srt or vtt. Empty where it holds none.

    A cue that ends before it begins is given a moment. Raises TooLarge for more cues, or longer ones, than people make.
    """
    text = _cues_only(text) if kind == "vtt" else text
    try:
        # Its own search for tags takes the square of their number, as its search for numbers does of empty lines.
        file = pysubs2.SSAFile.from_string(_MANY_LINES.sub("\n\n", text), format_=kind, keep_html_tags=True)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, IndexError, OverflowError):
        return []
    _refuse_too_much(file)
    cues = [Cue(*_times(event), tuple(_lines(event.text, kind))) for event in file]
    _refuse_many(sum(len(cue.lines) for cue in cues), "lines", MOST_LINES)
    return sorted((cue for cue in cues if cue.lines), key=lambda cue: cue.start)


def _refuse_many(number: int, what: str, most: int) -> None:
    if number > most:
        sentence = f"It holds {number:,} {what}; at most {most:,} are taken."
        raise TooLarge(sentence, remedy="Cut it in several files, and drop each with its part of the recording.")


def _refuse_too_much(file: pysubs2.SSAFile) -> None:
    _refuse_many(len(file), "subtitles", MOST_CUES)
    longest = max(file, key=lambda event: len(event.text), default=None)
    if longest is not None and len(longest.text) > MOST_CHARACTERS:
        at = format_duration(max(longest.start, 0) / 1000)
        sentence = f"Its subtitle at {at} has {len(longest.text):,} characters; at most {MOST_CHARACTERS:,} are taken."
        raise TooLarge(sentence, remedy="Cut it in several, as they are to be shown, and drop the file again.")


def _cues_only(text: str) -> str:
    """Return a WebVTT file without notes, styles, regions and the cues' own names, which nobody is to hear.

    As the standard has it, a block ends at a blank line, and in that of a cue all before the times is its name.
    """
    blocks = (block.split("\n") for block in _BLANK_LINES.split(re.sub(r"\r\n?", "\n", text)))
    times = ((lines, next((at for at, line in enumerate(lines) if "-->" in line), None)) for lines in blocks)
    return "\n\n".join(["WEBVTT", *("\n".join(lines[at:]) for lines, at in times if at is not None)]) + "\n"


def cue_starts(data: bytes) -> list[float]:
    """Return when the cues of a file begin, in order, in linear time whatever it holds: what they say is not read."""
    found = _START.finditer(data.replace(b"\0", b""))  # in UTF-16, every other byte of a number
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
