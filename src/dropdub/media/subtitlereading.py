"""Cues read from SRT and WebVTT, as people and programs write them: without markup, in the order of time."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pysubs2

from dropdub.media.subtitlefile import JOINER, Cue

_BRIEFEST_S = 0.1
_VTT_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>|<[\d:.]+>")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_START = re.compile(rb"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})[ \t]{0,9}-->")
_DASH = re.compile(r"^[-–—‐]\s*(?=[^\s\d])")
"""Marks another speaker. Where every line of a cue has it, it stays: so the cue is known to be shared."""


def parse_cues(text: str, *, kind: str) -> list[Cue]:
    """Return the cues of a file's text that show something, in order; `kind`: srt or vtt. Empty where it holds none.

    A cue that ends before it begins is given a moment.
    """
    try:
        file = pysubs2.SSAFile.from_string(_cues_only(text) if kind == "vtt" else text, format_=kind)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, IndexError, OverflowError):
        return []
    cues = [Cue(*_times(event), tuple(_lines(event.plaintext, kind))) for event in file if not event.is_comment]
    return sorted((cue for cue in cues if cue.lines), key=lambda cue: cue.start)


def _cues_only(text: str) -> str:
    """Return a WebVTT file without notes, styles, regions and the cues' own names, which nobody is to hear.

    As the standard has it, a block ends at a blank line, and in that of a cue all before the times is its name.
    """
    blocks = (block.split("\n") for block in _BLANK_LINES.split(re.sub(r"\r\n?", "\n", text)))
    times = ((lines, next((at for at, line in enumerate(lines) if "-->" in line), None)) for lines in blocks)
    return "\n\n".join(["WEBVTT", *("\n".join(lines[at:]) for lines, at in times if at is not None)]) + "\n"


def cue_starts(data: bytes) -> list[float]:
    """Return when the cues of a file begin, in order, in linear time whatever it holds: what they say is not read."""
    found = _START.findall(data.replace(b"\0", b""))  # in UTF-16, every other byte of a number
    parts = ([int(part or 0) for part in one[:3]] + [int(one[3].ljust(3, b"0"))] for one in found)
    return sorted(hours * 3600 + minutes * 60 + seconds + millis / 1000 for hours, minutes, seconds, millis in parts)


def _times(event: pysubs2.SSAEvent) -> tuple[float, float]:
    start = max(event.start, 0) / 1000
    return start, max(event.end / 1000, start + _BRIEFEST_S)


def _lines(text: str, kind: str) -> Iterator[str]:
    text = text.replace(JOINER, "").replace("\ufeff", "")
    if kind == "vtt":
        text = html.unescape(_VTT_TAG.sub("", text))
    lines = [line for line in (" ".join(line.split()) for line in text.split("\n")) if line]
    is_shared = len(lines) > 1 and all(map(_DASH.match, lines))
    yield from lines if is_shared else (_DASH.sub("", line) for line in lines)
