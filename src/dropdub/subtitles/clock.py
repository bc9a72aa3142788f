"""Times as subtitle files write them."""

from __future__ import annotations

import re

_GAP = r"[ \t]{0,2}"
TIME = (
    rf"-?(?:\d{{1,6}}{_GAP}:{_GAP})?\d{{1,3}}{_GAP}:{_GAP}\d{{1,2}}"
    rf"(?:{_GAP}[.,;]{_GAP}\d{{1,9}}|:\d{{3}}(?!\d))?"
)
"""Hours and fractions of a second may be missing; programs write a comma, a point or a colon before these, and
sometimes blanks."""
FRAMES_TIME = r"\d{1,2}:\d{2}:\d{2}[:;.]\d{2}"
_PARTS = re.compile(r"(-?)(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2})(?:[.,;:](\d{1,9}))?")
_WIDE = str.maketrans("：，．；－＞［］", ":,.;->[]")
_WITHOUT_WIDTH = "\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""What programs put around times in scripts from right to left, and a blank that breaks no line."""
_WIDE |= {ord(mark): ord(" ") for mark in _WITHOUT_WIDTH}
USUAL_FPS = 25


def narrow(line: str) -> str:
    """Return a line of the same length with the full-width signs of times as usual ones, and marks as blanks."""
    return line if line.isascii() else line.translate(_WIDE)


def seconds_of(text: str) -> float:
    """Return a time that matches `TIME` in seconds, to the millisecond; `1.5` has a tenth, not 5 milliseconds."""
    found = _PARTS.fullmatch("".join(text.split()))
    if found is None:
        raise ValueError(f"not a time: {text!r}")
    sign, hours, minutes, seconds, fraction = found.groups()
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    millis = whole * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    return (-millis if sign else millis) / 1000


def seconds_of_frames(text: str, fps: float = USUAL_FPS) -> float:
    """Return a time that matches `FRAMES_TIME`, whose last part counts frames, in seconds."""
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;.]", text))
    return round(hours * 3600 + minutes * 60 + seconds + frames / fps, 3)
