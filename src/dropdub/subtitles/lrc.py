"""Read LRC files: the lines of a song with their times, and transcripts that are written in the same way."""

from __future__ import annotations

import re

from dropdub.subtitles.raw_cues import RawCue, RawCues, continued, numbered_lines

_CLOCK = r"\[(?:\d{1,2}:)?\d{1,3}:\d{1,2}(?:[.,:]\d{1,3})?\]"
LRC = re.compile(rf"[ \t]*((?:{_CLOCK}[ \t]*)+)(\S.*)")
LRC_FACT = re.compile(rf"[ \t]*(?:\[[A-Za-z#][\w ]{{0,20}}:[^\[\]<\n]*\]|{_CLOCK})[ \t]*")
"""What states something about the song, or ends a line of it."""
_LINE = re.compile(rf"[ \t]*((?:{_CLOCK}[ \t]*)+)(.*)")
_TIME = re.compile(r"\[(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2})(?:[.,:](\d{1,3}))?\]")
_ABOUT_A_SONG = re.compile(r"^[ \t]*\[(?:ti|ar|al|au|by|offset|length|re|ve):", re.IGNORECASE | re.MULTILINE)
_VOICE = re.compile(r"^v\d{1,2}:[ \t]*")
_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)


def lrc_cues(text: str) -> RawCues:
    """Return the lines of a song with their times; each line stays until the next."""
    found, offset = RawCues(), _OFFSET.search(text)
    shift_s = int(offset[1]) / 1000 if offset else 0.0
    has_hours = _has_hours(text)
    for number, line in numbered_lines(text):
        match = _LINE.fullmatch(line)
        if match:
            times = [_seconds(time, has_hours=has_hours) - shift_s for time in _TIME.finditer(match[1])]
            found.cues += [RawCue(round(start, 3), None, _VOICE.sub("", match[2]), number) for start in times]
        elif not LRC_FACT.fullmatch(line):
            continued(found, number, line)
    return found


def _has_hours(text: str) -> bool:
    """Return whether `[00:01:30]` is a minute and a half, as in a transcript, and not a second and a third.

    Songs state their title or artist, and sooner or later more than 59 hundredths.
    """
    times = [one for one in _TIME.finditer(text) if _has_three_parts(one)]
    return not _ABOUT_A_SONG.search(text) and all(int(one[3]) < 60 for one in times)


def _has_three_parts(time: re.Match[str]) -> bool:
    return time[1] is not None and time[4] is None


def _seconds(time: re.Match[str], *, has_hours: bool) -> float:
    first, minutes, seconds, fraction = time.groups()
    if _has_three_parts(time) and not has_hours:
        return int(first) * 60 + int(minutes) + float(f"0.{seconds}")
    return int(first or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
