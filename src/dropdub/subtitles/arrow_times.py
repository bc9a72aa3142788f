"""Recognize the lines of times of SubRip, WebVTT and SBV files, and the numbers of cues, as people write them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dropdub.subtitles.clock import TIME, narrow, seconds_of

_SECONDS = r"\d{1,6}[.,]\d{1,3}[ \t]?s?"
_MOMENT = rf"(?:{TIME}|{_SECONDS})"
_ARROW = r"(?:(?:[-–—―−=][ \t]?){1,3}(?:>|&gt;)|[→⟶⇒])"
_LINE = re.compile(
    rf"[ \t]*+(?:(?P<number>\d{{1,9}})[.)]?[ \t]++)?(?P<open>[\[(][ \t]*+)?(?P<start>{_MOMENT})[ \t]*"
    rf"(?P<arrow>{_ARROW}|[-–—])[ \t]*(?P<end>{_MOMENT})(?![\d:])[ \t]*(?P<close>[\])])?:?(?P<rest>.*)"
)
_PAIR = re.compile(rf"[ \t]*+({TIME})[ \t]*,[ \t]*({TIME})[ \t]*")
_NUMBER = re.compile(r"[\[(#]?(\d{1,9})[\].):]?")


@dataclass(frozen=True)
class ArrowTimes:
    """The times of a cue in seconds, and the text after them.

    `is_clock`: they are written as a clock does, not as seconds. `is_bracketed`: programs that print a transcript put
    them into brackets before the text. `number`: of the cue, if it stands in the same line.
    """

    start: float
    end: float
    rest: str = ""
    is_clock: bool = True
    is_bracketed: bool = False
    number: int | None = None


def arrow_times(line: str) -> ArrowTimes | None:
    """Return the times of a line with an arrow: `00:01.5 --> 00:02`, `1 00:00:01,000 -> …`, `[1.00s -> 2.00s] Hi`."""
    found = _LINE.fullmatch(narrow(line))
    if found is None:
        return None
    is_bracketed = bool(found["open"] and found["close"])
    is_clock = ":" in found["start"] and ":" in found["end"]
    if not is_bracketed and (len(found["arrow"]) == 1 and found["arrow"] in "-–—"):
        return None
    rest = line[found.start("rest") :].strip()
    if not is_bracketed and not is_clock and ("-->" not in found["arrow"] or rest):
        return None
    number = int(found["number"]) if found["number"] else None
    return ArrowTimes(_seconds(found["start"]), _seconds(found["end"]), rest, is_clock, is_bracketed, number)


def pair_times(line: str) -> ArrowTimes | None:
    """Return the times of a line that holds nothing but two with a comma: `0:00:01.000,0:00:03.000`."""
    found = _PAIR.fullmatch(narrow(line))
    return ArrowTimes(seconds_of(found[1]), seconds_of(found[2])) if found else None


def number_of(line: str) -> int | None:
    """Return the number of a cue that a line may be: `12`, `[12]`, `12.`."""
    found = _NUMBER.fullmatch(narrow(line).strip())
    return int(found[1]) if found else None


def _seconds(text: str) -> float:
    return seconds_of(text) if ":" in text else float(text.rstrip("s \t").replace(",", "."))
