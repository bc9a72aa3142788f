"""Read the formats that have a time before each text: MicroDVD, MPL2, TMPlayer, LRC, Spruce STL, SubViewer 1, TSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dropdub.subtitles.clock import FRAMES_TIME, TIME, seconds_of, seconds_of_frames
from dropdub.subtitles.lrc import LRC, LRC_FACT, lrc_cues
from dropdub.subtitles.raw_cues import RawCue, RawCues, continued, numbered_lines, piped

ASSUMED_FPS = 24_000 / 1001
"""ffmpeg's assumption for a MicroDVD file that does not state its frame rate."""

_MICRODVD = re.compile(r"[ \t]*\{[ \t]*(\d{1,8})[ \t]*\}[ \t]*\{[ \t]*(\d{0,8})[ \t]*\}(.*)")
_MICRODVD_FACT = re.compile(r"\{DEFAULT\}.*", re.IGNORECASE)
_MPL2 = re.compile(r"[ \t]*\[[ \t]*(-?\d{1,8})[ \t]*\][ \t]*\[[ \t]*(-?\d{0,8})[ \t]*\](.*)")
_TMPLAYER = re.compile(r"[ \t]*(\d{1,2}:\d{2}:\d{2})(?:[,.]\d)?[:=](.*)")
_CLOCKED = re.compile(r"[ \t]*(\d{1,2}:\d{2}:\d{2})[ \t](.*)")
_SOON = re.compile(r"[ \t]*(?:0{1,2}:){1,2}\d{2}\b(?!:).*")
_SPRUCE = re.compile(
    rf"[ \t]*(?:\d{{1,6}}[ \t]+)?({FRAMES_TIME})[ \t]*[,\t ][ \t]*({FRAMES_TIME})[ \t]*[,\t ][ \t]*(.*)"
)
_SPRUCE_FACT = re.compile(r"[ \t]*(?://|\$\w).*")
_SPRUCE_STYLE = re.compile(r"\^[BIU]")
_BRACKETED = re.compile(rf"[ \t]*\[[ \t]*({TIME})[ \t]*\][ \t]*")
_MOMENT = re.compile(rf"[ \t]*+(?:\[[ \t]*+)?({TIME})[ \t]*+\]?[ \t]*+")
_SUBVIEWER_FACT = re.compile(
    r"\[(?:title|author|source|prg|filepath|delay|cd track|comment|begin|end)\].*|\*{3,}.*script.*", re.IGNORECASE
)
_TABBED = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\t(\d{1,9}(?:\.\d{1,9})?)\t(.*)")
_LABEL = re.compile(r"\d{1,9}\.\d{1,9}\t\d{1,9}\.\d{1,9}\t.*")
_TABBED_FACT = re.compile(r"start\tend\ttext", re.IGNORECASE)

_FPS = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,6})?)\s*(?:fps)?\s*", re.IGNORECASE)
_MOVIE_INFO = re.compile(r"\s*movie info:[^\n]{0,100}?\b(\d{2,3}(?:[.,]\d{1,6})?)\s?fps", re.IGNORECASE)


def microdvd_cues(text: str, *, fps: float | None = None) -> RawCues:
    """Return the cues of a MicroDVD file, whose times are numbers of frames.

    `fps`: the film's frame rate, if known; a rate that the file states in its first cue comes first.
    """
    found, rate = RawCues(), fps
    for number, line in numbered_lines(text):
        match = _MICRODVD.fullmatch(line)
        if not match:
            if not _MICRODVD_FACT.fullmatch(line):
                continued(found, number, line)
            continue
        stated = None
        if not found.cues and int(match[1]) <= 1:
            stated = _FPS.fullmatch(match[3]) or _MOVIE_INFO.match(match[3])
        if stated:
            rate = float(stated[1].replace(",", ".")) or rate
            continue
        seconds = [int(frame) / (rate or ASSUMED_FPS) if frame else None for frame in match.group(1, 2)]
        found.cues.append(RawCue(_rounded(seconds[0]) or 0.0, _rounded(seconds[1]), piped(match[3]), number))
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

    return _each(text, _MPL2, cue)


def tmplayer_cues(text: str) -> RawCues:
    """Return the cues of a TMPlayer file, which says only when each starts."""
    return _each(_CLOCKED.sub(r"\1:\2", text), _TMPLAYER, lambda match: (seconds_of(match[1]), None))


def spruce_cues(text: str) -> RawCues:
    """Return the cues of a Spruce STL or Encore file, whose times end in frames, of which 25 are a second."""
    body = _SPRUCE_STYLE.sub("", _without(_SPRUCE_FACT, text))
    return _each(body, _SPRUCE, lambda match: (seconds_of_frames(match[1]), seconds_of_frames(match[2])))


def moment_cues(text: str) -> RawCues:
    """Return the cues of SubViewer 1, and of copied transcripts, where times stand in lines of their own.

    A text is shown from the time before it to the time after it.
    """
    found, moment = RawCues(), None
    for number, line in numbered_lines(text):
        match = _MOMENT.fullmatch(line)
        if match:
            now = seconds_of(match[1])
            if moment is not None and found.cues and found.cues[-1].end is None and now > found.cues[-1].start:
                found.cues[-1] = replace(found.cues[-1], end=now)
            moment = now
        elif _SUBVIEWER_FACT.fullmatch(line) or moment is None:
            continue
        elif found.cues and found.cues[-1].end is None and found.cues[-1].start == moment:
            continued(found, number, line)
        else:
            found.cues.append(RawCue(moment, None, piped(line), number))
    return found


def tabbed_cues(text: str) -> RawCues:
    """Return the cues of a table of start, end and text: Whisper's in milliseconds, Audacity's labels in seconds."""
    unit = 1.0 if any("." in line.partition("\t")[0] for line in text.split("\n")) else 0.001
    body = _without(_TABBED_FACT, text)
    return _each(body, _TABBED, lambda match: (round(float(match[1]) * unit, 3), round(float(match[2]) * unit, 3)))


def _without(fact: re.Pattern[str], text: str) -> str:
    return "\n".join("" if fact.fullmatch(line) else line for line in text.split("\n"))


def _each(text: str, pattern: re.Pattern[str], times: Callable[[re.Match[str]], tuple[float, float | None]]) -> RawCues:
    found = RawCues()
    for number, line in numbered_lines(text):
        match = pattern.fullmatch(line)
        if match:
            found.cues.append(RawCue(*times(match), piped(match[match.lastindex or 0]), number))
        else:
            continued(found, number, line)
    return found


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


@dataclass(frozen=True)
class LineFormat:
    """How to recognize and read a format: the lines that begin a cue, and those that state something about the file.

    `first`: its first line, where that is known. `fewest`: cues that it needs, and `share`: of its lines that begin one
    or state something.
    """

    read: Callable[[str], RawCues]
    cue: re.Pattern[str]
    fact: re.Pattern[str] | None = None
    first: re.Pattern[str] | None = None
    fewest: int = 1
    share: float = 0.6


LINE_FORMATS: Mapping[str, LineFormat] = {
    "microdvd": LineFormat(microdvd_cues, _MICRODVD, _MICRODVD_FACT),
    "mpl2": LineFormat(mpl2_cues, _MPL2),
    "tabbed": LineFormat(tabbed_cues, _TABBED, first=_TABBED_FACT),
    "labels": LineFormat(tabbed_cues, _LABEL),
    "lrc": LineFormat(lrc_cues, LRC, LRC_FACT),
    "spruce": LineFormat(spruce_cues, _SPRUCE, _SPRUCE_FACT, share=0.4),
    "tmplayer": LineFormat(tmplayer_cues, _TMPLAYER),
    "clocked": LineFormat(tmplayer_cues, _CLOCKED, first=_SOON, fewest=3, share=0.9),
    "subviewer": LineFormat(moment_cues, _BRACKETED, _SUBVIEWER_FACT, fewest=2, share=0.3),
    "transcript": LineFormat(moment_cues, _MOMENT, first=_SOON, fewest=3, share=0.3),
}
"""By the names that `subtitle_format` gives them, in the order in which they are tried.

A diary has times too: lines with nothing but the time before them are only subtitles if the first is a minute at most.
"""
