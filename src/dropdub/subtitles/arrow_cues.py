"""Read the cues of SubRip, WebVTT and SBV files: a line of times, then lines of text.

pysubs2 also reads them, but takes any two times in a line for those of a cue, and any number at the end of a text for
the number of the next cue, and it does not say what it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dropdub.subtitles.clock import TIME, narrow, seconds_of
from dropdub.subtitles.raw_cues import RawCue, RawCues

Kind = Literal["srt", "vtt", "sbv"]

_ARROW = r"(?:-{1,3}[ \t]?(?:>|&gt;)|[–—―−]{1,2}>|→|⟶|=>)"
_SETTING = re.compile(r"[A-Za-z]+\d?:\S+")
_TIMES = {
    "srt": re.compile(rf"[ \t]*({TIME})[ \t]*{_ARROW}[ \t]*({TIME})(?![\d:])(.*)"),
    "sbv": re.compile(rf"[ \t]*({TIME})[ \t]*,[ \t]*({TIME})[ \t]*()"),
}
_TIMES["vtt"] = _TIMES["srt"]
_BROKEN = re.compile(r"[^\n]{0,40}\d[^\n]{0,40}?-->|-->[^\n]{0,40}\d")
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_LONGEST_NUMBER = 9
_NO_TIMES = "its times cannot be read"


@dataclass(frozen=True)
class _Mark:
    """A line of times; `start` is None if they cannot be read. `at` is its index, `rest` the text after its times."""

    at: int
    start: float | None
    end: float | None
    rest: str = ""


def arrow_cues(text: str, *, kind: Kind) -> RawCues:
    """Return the cues of a text in linear time, and what of it is neither a cue nor meant to stay unseen."""
    lines = text.split("\n")
    marks, found = list(_marks(lines, kind)), RawCues()
    begins = [*_begins(lines, marks, kind), len(lines)]
    if kind == "srt" and marks:
        _lose_preface(lines[: begins[0]], found)
    for mark, until in zip(marks, begins[1:], strict=True):
        _take(mark, _shown(lines[mark.at + 1 : until], kind), found)
    return found


def _begins(lines: Sequence[str], marks: Sequence[_Mark], kind: Kind) -> Iterator[int]:
    """Yield the index of the first line of each cue: of its number or name, if it has one, else of its times."""
    number: int | None = None
    for place in range(len(marks)):
        number, begin = _numbered(lines, _header(lines, marks, place, kind), number, kind)
        yield begin


def _marks(lines: Sequence[str], kind: Kind) -> Iterator[_Mark]:
    pattern, before = _TIMES[kind], -1
    for at, line in enumerate(lines):
        times = pattern.fullmatch(narrow(line))
        rest = times[3].strip() if times else ""
        if times and (_are_settings(rest) or _begins_block(lines, at, before)):
            rest = "" if _are_settings(rest) else rest
            yield _Mark(at, seconds_of(times[1]), seconds_of(times[2]), rest)
        elif not times and "-->" in line and _BROKEN.search(line[:200]) and _begins_block(lines, at, before):
            yield _Mark(at, None, None)
        else:
            continue
        before = at


def _are_settings(rest: str) -> bool:
    return all(_SETTING.fullmatch(word) for word in rest.split())


def _begins_block(lines: Sequence[str], at: int, before: int) -> bool:
    """Return whether a line follows a blank line, or one that can only be the number of a cue."""
    if at == 0 or not lines[at - 1].strip():
        return True
    is_number = _is_number(lines[at - 1])
    return is_number and (at - 2 <= before or not lines[at - 2].strip())


def _is_number(line: str) -> bool:
    bare = line.strip()
    return bare.isdecimal() and len(bare) <= _LONGEST_NUMBER


@dataclass(frozen=True)
class _Header:
    """What may be the number or name of a cue: the last line with text before its times.

    `is_near`: directly before them; `is_first`: a blank line, or nothing, comes before it.
    """

    at: int
    times_at: int
    is_near: bool
    is_first: bool
    is_alone: bool


def _header(lines: Sequence[str], marks: Sequence[_Mark], place: int, kind: Kind) -> _Header:
    times_at = marks[place].at
    since = marks[place - 1].at + 1 if place else 0
    at = next((one for one in range(times_at - 1, since - 1, -1) if lines[one].strip()), -1)
    before = lines[at - 1] if at > since else None
    is_blank = before is not None and not (before if kind == "vtt" and not _is_number(lines[at]) else before.strip())
    is_alone = at >= 0 and place == 0 and not any(line.strip() for line in lines[:at])
    return _Header(at, times_at, at == times_at - 1, is_blank or is_alone, is_alone)


def _numbered(lines: Sequence[str], header: _Header, number: int | None, kind: Kind) -> tuple[int | None, int]:
    """Return the number of a cue, as far as cues are numbered, and the index of its first line.

    A number is only taken for that of the cue if it stands alone before the times, or if it is the next one: otherwise
    it is the last line of the text before, such as `1984`.
    """
    following = None if number is None else number + 1
    if kind == "sbv" or header.at < 0:
        return following, header.times_at
    line = lines[header.at].strip()
    if _is_number(line):
        if header.is_alone or (header.is_near and header.is_first) or int(line) == following:
            return int(line), header.at
        return following, header.times_at
    is_name = kind == "vtt" and header.is_near and header.is_first
    return following, header.at if is_name else header.times_at


def _shown(lines: Sequence[str], kind: Kind) -> str:
    """Return the text of a cue; in WebVTT without the comments and style sheets after it."""
    if kind != "vtt" or "" not in lines:
        return "\n".join(lines).strip()
    blocks = re.split(r"\n\n+", "\n".join(lines).strip("\n"))
    return "\n".join(block for block in blocks if not _NOT_SHOWN.match(block)).strip()


def _lose_preface(lines: Sequence[str], found: RawCues) -> None:
    text = "\n".join(lines).strip("\ufeff\n\t ")
    if any(map(str.isalpha, text)):
        found.lose(1, "it stands before the first times", text)


def _take(mark: _Mark, text: str, found: RawCues) -> None:
    text = f"{mark.rest}\n{text}".strip() if mark.rest else text
    if mark.start is None or mark.end is None:
        found.lose(mark.at + 1, _NO_TIMES, text)
    elif text:
        found.cues.append(RawCue(mark.start, mark.end, text, mark.at + 1))
