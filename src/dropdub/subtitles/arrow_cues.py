"""Read the cues of SubRip, WebVTT and SBV files: a line of times, then lines of text.

pysubs2 also reads them, but takes any two times in a line for those of a cue, and any number at the end of a text for
the number of the next cue, and it does not say what it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dropdub.subtitles.arrow_times import ArrowTimes, arrow_times, number_of, pair_times
from dropdub.subtitles.clock import narrow
from dropdub.subtitles.raw_cues import RawCue, RawCues

Kind = Literal["srt", "vtt", "sbv"]

_SETTING = re.compile(r"[A-Za-z]+\d?:\S+")
_BROKEN = re.compile(r"[^\n]{0,40}\d[^\n]{0,40}?-->|-->[^\n]{0,40}\d")
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_NO_TIMES = "its times cannot be read"
_FENCE = "```"
"""Chat programs put it around a file that they wrote."""
_FENCE_WITHIN = 10
_LEAP = 50


@dataclass(frozen=True)
class _Mark:
    """A line of times, at index `at`; `times` is None if they cannot be read. `rest`: the text after its times."""

    at: int
    times: ArrowTimes | None
    rest: str = ""

    @property
    def number(self) -> int | None:
        return self.times.number if self.times else None


def arrow_cues(text: str, *, kind: Kind) -> RawCues:
    """Return the cues of a text in linear time, and what of it is neither a cue nor meant to stay unseen."""
    found = RawCues()
    lines = _unfenced(text.split("\n"), found)
    marks = list(_marks(lines, kind))
    begins = [*_begins(lines, marks, kind), len(lines)]
    if kind == "srt" and marks:
        _lose_preface(lines[: begins[0]], found)
    for mark, until in zip(marks, begins[1:], strict=True):
        _take(mark, _shown(lines[mark.at + 1 : until], kind), found)
    return found


def _unfenced(lines: list[str], found: RawCues) -> list[str]:
    """Return the lines of a file without the fences around them and what stands after these."""
    fence = next((at for at, line in enumerate(lines[:_FENCE_WITHIN]) if line.startswith(_FENCE)), None)
    if fence is None or any(map(arrow_times, lines[:fence])):
        return lines
    end = next((at for at in range(fence + 1, len(lines)) if lines[at].strip() == _FENCE), len(lines))
    after = "\n".join(lines[end + 1 :]).strip()
    if after:
        found.lose(end + 2, "it stands after the file's end", after)
    return [*lines[:fence], "", *lines[fence + 1 : end]]


def _begins(lines: Sequence[str], marks: Sequence[_Mark], kind: Kind) -> Iterator[int]:
    """Yield the index of the first line of each cue: of its number or name, if it has one, else of its times."""
    number: int | None = None
    are_numbered = kind != "sbv" and _are_numbered(lines, marks)
    for place, mark in enumerate(marks):
        if are_numbered or mark.number is not None:
            number, begin = mark.number or number_of(lines[mark.at - 1]), mark.at - (mark.number is None)
        else:
            number, begin = _numbered(lines, _header(lines, marks, place, kind), number, kind)
        yield begin


def _are_numbered(lines: Sequence[str], marks: Sequence[_Mark]) -> bool:
    """Return whether a number stands directly before the times of each cue, and they rise as those of cues do.

    None of them is then the end of a text. After cues that were deleted, they leap.
    """
    befores = [-1, *(mark.at for mark in marks)]
    numbers = [
        number_of(lines[mark.at - 1]) if mark.at - 1 > before else None
        for mark, before in zip(marks, befores, strict=False)
    ]
    known = [number for number in numbers if number is not None]
    rises = all(one < other <= one + _LEAP for one, other in pairwise(known))
    return len(marks) > 1 and len(known) == len(marks) and rises


def _marks(lines: Sequence[str], kind: Kind) -> Iterator[_Mark]:
    times_of, before, are_bracketed = pair_times if kind == "sbv" else arrow_times, -1, False
    for at, line in enumerate(lines):
        times = times_of(line)
        are_settings = times is not None and _are_settings(times.rest)
        are_bracketed = are_bracketed or (before < 0 and times is not None and times.is_bracketed)
        surely = times is not None and (are_bracketed if times.is_bracketed else are_settings and times.is_clock)
        if times and (surely or _begins_block(lines, at, before)):
            yield _Mark(at, times, "" if are_settings else times.rest)
        elif not times and "-->" in line and _BROKEN.search(line[:200]) and _begins_block(lines, at, before):
            yield _Mark(at, None)
        else:
            continue
        before = at


def _are_settings(rest: str) -> bool:
    return all(_SETTING.fullmatch(word) for word in rest.split())


def _begins_block(lines: Sequence[str], at: int, before: int) -> bool:
    """Return whether a line follows a blank line, or one that can only be the number of a cue."""
    if at == 0 or not narrow(lines[at - 1]).strip():
        return True
    is_number = number_of(lines[at - 1]) is not None
    return is_number and (at - 2 <= before or not lines[at - 2].strip())


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
    is_blank = before is not None and not (before if kind == "vtt" and number_of(lines[at]) is None else before.strip())
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
    stated = number_of(lines[header.at])
    if stated is not None:
        if header.is_alone or (header.is_near and header.is_first) or stated == following:
            return stated, header.at
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
    if mark.times is None:
        found.lose(mark.at + 1, _NO_TIMES, text)
    elif text:
        found.cues.append(RawCue(mark.times.start, mark.times.end, text, mark.at + 1))
