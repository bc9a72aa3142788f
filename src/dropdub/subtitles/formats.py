"""Write cues as SRT, WebVTT and ASS, escaped so that players show every text literally."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from dropdub.files.durable import write_whole

JOINER = "\u2060"
"""Word joiner: has no width, and separates characters that a player would take for a command."""

_LAST_MS = 360_000_000 - 1
_USUAL_SIZE = (1280, 720)
_HEIGHT_SHARE = 1 / 15
_WIDTH_SHARE = 0.92
_LETTER_SHARE = 0.42
"""Average width of a letter, relative to the font size."""
_TIME_TAIL = re.compile(r"(:\d{1,2})(?=[.,]\d)")
_TAG_START = re.compile(r"<(?=\s*+(?:/\s*+)?[a-zA-Z])")
_ENTITY_START = re.compile(r"&(?=#?\w{1,32};)")
_NUMBER_ONLY = re.compile(r"\s*\d+\s*")


@dataclass(frozen=True)
class Cue:
    """Lines shown on the screen from `start` to `end`, in seconds of the recording."""

    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def as_srt(cues: Sequence[Cue]) -> str:
    """Return cues as SubRip, times in milliseconds."""
    texts = [_TAG_START.sub(f"<{JOINER}", _inert(cue)).replace("-->", f"--{JOINER}>") for cue in cues]
    texts = [_ENTITY_START.sub(f"&{JOINER}", text) for text in texts]
    return _events(cues, texts).to_string("srt", keep_ssa_tags=True)


def as_vtt(cues: Sequence[Cue]) -> str:
    """Return cues as WebVTT, with `&`, `<` and `>` as entities."""
    return _events(cues, [_entities(_inert(cue)) for cue in cues]).to_string("vtt", keep_ssa_tags=True)


def write_srt(cues: Sequence[Cue], path: Path) -> None:
    """Write cues as SubRip: UTF-8 without a byte order mark. The file is written atomically."""
    write_whole(path, as_srt(cues).encode())


def write_vtt(cues: Sequence[Cue], path: Path) -> None:
    """Write cues as WebVTT in UTF-8. The file is written atomically."""
    write_whole(path, as_vtt(cues).encode())


def write_ass(cues: Sequence[Cue], path: Path, *, size: tuple[int, int] | None = None, line_length: int = 42) -> None:
    """Write cues as Advanced SubStation: white with a black outline, `line_length` characters fitting into `size`.

    The file is written atomically.
    """
    width, height = size or _USUAL_SIZE
    file = _events(cues, [_braces(cue.text.replace("\\", f"\\{JOINER}")) for cue in cues])
    file.info |= {"PlayResX": str(width), "PlayResY": str(height), "ScaledBorderAndShadow": "yes", "WrapStyle": "0"}
    points = min(height * _HEIGHT_SHARE, width * _WIDTH_SHARE / (line_length * _LETTER_SHARE))
    file.styles["Default"] = pysubs2.SSAStyle(
        fontname="Arial",
        fontsize=round(points, 1),
        outline=round(points / 18, 1),
        shadow=0,
        marginl=round(width * 0.04),
        marginr=round(width * 0.04),
        marginv=round(height * 0.05),
    )
    write_whole(path, file.to_string("ass", keep_ssa_tags=True).encode())


def _braces(text: str) -> str:
    return text.replace("{", "\\{").replace("}", "\\}")


def _inert(cue: Cue) -> str:
    # A backslash starts a SubStation command, and SRT parsers look for times and cue numbers in every line.
    text = _TIME_TAIL.sub(rf"\1{JOINER}", cue.text.replace("\\", f"\\{JOINER}"))
    lines = [f"{line}{JOINER}" if _NUMBER_ONLY.fullmatch(line) else line for line in text.split("\n")]
    return "\n".join(lines) if len(lines) > 1 else text


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _events(cues: Sequence[Cue], texts: Sequence[str]) -> pysubs2.SSAFile:
    file = pysubs2.SSAFile()
    for cue, text in zip(cues, texts, strict=True):
        start, end = (min(round(moment * 1000), _LAST_MS) for moment in (cue.start, cue.end))
        file.append(pysubs2.SSAEvent(start=start, end=end, text=text.replace("\n", r"\N")))
    return file
