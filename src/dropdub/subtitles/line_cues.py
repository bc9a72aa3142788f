"""Read the formats that have a cue in each line: MicroDVD, MPL2, TMPlayer, LRC, Spruce STL and Encore."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dropdub.subtitles.clock import FRAMES_TIME, seconds_of, seconds_of_frames
from dropdub.subtitles.raw_cues import RawCue, RawCues

ASSUMED_FPS = 24_000 / 1001
"""ffmpeg's assumption for a MicroDVD file that does not state its frame rate."""

MICRODVD = re.compile(r"[ \t]*\{[ \t]*(\d{1,8})[ \t]*\}[ \t]*\{[ \t]*(\d{0,8})[ \t]*\}(.*)")
MPL2 = re.compile(r"[ \t]*\[[ \t]*(-?\d{1,8})[ \t]*\][ \t]*\[[ \t]*(-?\d{0,8})[ \t]*\](.*)")
TMPLAYER = re.compile(r"[ \t]*(\d{1,2}:\d{2}:\d{2})(?:[,.]\d)?[:=](.*)")
LRC = re.compile(r"[ \t]*((?:\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\][ \t]*)+)(.*)")
LRC_FACT = re.compile(r"[ \t]*\[(?:ar|ti|al|au|by|offset|length|re|ve|tool|id|lang|#):[^\[\]\n]*\][ \t]*")
SPRUCE = re.compile(
    rf"[ \t]*(?:\d{{1,6}}[ \t]+)?({FRAMES_TIME})[ \t]*[,\t ][ \t]*({FRAMES_TIME})[ \t]*[,\t ][ \t]*(.*)"
)
SPRUCE_FACT = re.compile(r"[ \t]*(?://|\$\w).*")

_FPS = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,6})?)\s*")
_LRC_TIME = re.compile(r"\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_LRC_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)
_NOT_A_CUE = "it does not begin with a time"


def microdvd_cues(text: str, *, fps: float | None = None) -> RawCues:
    """Return the cues of a MicroDVD file, whose times are numbers of frames.

    `fps`: the film's frame rate, if known; a rate that the file states in its first cue comes first.
    """
    found, rate = RawCues(), fps
    for number, line in _lines(text):
        match = MICRODVD.fullmatch(line)
        if not match:
            found.lose(number, _NOT_A_CUE, line)
            continue
        stated = _FPS.fullmatch(match[3]) if not found.cues and int(match[1]) <= 1 else None
        if stated:
            rate = float(stated[1].replace(",", ".")) or rate
            continue
        seconds = [int(frame) / (rate or ASSUMED_FPS) if frame else None for frame in match.group(1, 2)]
        found.cues.append(RawCue(_rounded(seconds[0]) or 0.0, _rounded(seconds[1]), _piped(match[3]), number))
    if rate is None and found.cues:
        found.losses.append(
            f"Its times are numbers of frames, and it does not say how many make a second: {ASSUMED_FPS:.3f} were "
            "assumed. If the speech comes too early or too late, write {1}{1}25, with the film's frame rate, as its "
            "first line."
        )
    return found


def mpl2_cues(text: str) -> RawCues:
    """Return the cues of an MPL2 file, whose times are tenths of a second."""

    def cue(match: re.Match[str]) -> tuple[float, float | None]:
        return int(match[1]) / 10, int(match[2]) / 10 if match[2] else None

    return _each(text, MPL2, cue)


def tmplayer_cues(text: str) -> RawCues:
    """Return the cues of a TMPlayer file, which says only when each starts."""
    return _each(text, TMPLAYER, lambda match: (seconds_of(match[1]), None))


def spruce_cues(text: str) -> RawCues:
    """Return the cues of a Spruce STL or Encore file, whose times end in frames, of which 25 are a second."""
    body = "\n".join("" if SPRUCE_FACT.fullmatch(line) else line for line in text.split("\n"))
    return _each(body, SPRUCE, lambda match: (seconds_of_frames(match[1]), seconds_of_frames(match[2])))


def lrc_cues(text: str) -> RawCues:
    """Return the lines of a song with their times; each line stays until the next."""
    found, offset = RawCues(), _LRC_OFFSET.search(text)
    shift_s = int(offset[1]) / 1000 if offset else 0.0
    for number, line in _lines(text):
        match = LRC.fullmatch(line)
        if match:
            times = [_lrc_seconds(time) - shift_s for time in _LRC_TIME.finditer(match[1])]
            found.cues += [RawCue(round(start, 3), None, match[2], number) for start in times]
        elif not LRC_FACT.fullmatch(line):
            found.lose(number, _NOT_A_CUE, line)
    return found


def _lrc_seconds(time: re.Match[str]) -> float:
    return int(time[1]) * 60 + int(time[2]) + float(f"0.{time[3] or 0}")


def _each(text: str, pattern: re.Pattern[str], times: Callable[[re.Match[str]], tuple[float, float | None]]) -> RawCues:
    found = RawCues()
    for number, line in _lines(text):
        match = pattern.fullmatch(line)
        if match:
            found.cues.append(RawCue(*times(match), _piped(match[match.lastindex or 0]), number))
        else:
            found.lose(number, _NOT_A_CUE, line)
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    yield from ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _piped(text: str) -> str:
    """Return the lines of a cue, which a bar separates; a slash at the start of one means italics."""
    return "\n".join(part.strip().removeprefix("/").strip() for part in text.split("|"))


LINE_READERS: Mapping[str, Callable[[str], RawCues]] = {
    "mpl2": mpl2_cues,
    "tmplayer": tmplayer_cues,
    "spruce": spruce_cues,
    "lrc": lrc_cues,
}
