"""Put two speakers into one cue if they speak too quickly for separate cues, and split such cues again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from dropdub.config import SubtitleStyle
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.line_breaks import width

_APART_AT_MOST_S = 0.8
_TOGETHER_S = 1.0
_INACCURATE_S, _INACCURATE_SHARE = 0.3, 0.25
_DASHES = ("-", "–", "—", "‐")


@dataclass(frozen=True)
class Draft:
    """A cue before timing: when its words are spoken, and by whom, if that is known."""

    start: float
    end: float
    lines: tuple[str, ...]
    speaker: str | None = None


def dash_of(language: str | None) -> str:
    """Return the dash before a speaker's line: subtitling guides put a space after it only in French."""
    return "- " if (language or "").partition("-")[0].lower() == "fr" else "-"


def reading_time_s(draft: Draft, style: SubtitleStyle) -> float:
    """Return the seconds needed to read a draft, at least the minimum duration of a cue."""
    return max(sum(map(width, draft.lines)) / style.chars_per_second, style.min_duration)


def share_cues(drafts: Sequence[Draft], style: SubtitleStyle, *, gap: float, dash: str) -> list[Draft]:
    """Return the drafts in order; two of different speakers share a cue if either would disappear before it is read.

    Each of the two gets its own line with a dash; three never share a cue. Those who speak at the same time are
    different speakers, also if nobody knows who they are.
    """
    shared: list[Draft] = []
    number = 0
    while number < len(drafts):
        first, rest = drafts[number], drafts[number + 1 : number + 2]
        if rest and _fit(first, rest[0], style, dash) and _hurried(drafts[number : number + 3], style, gap):
            lines = (dash + first.lines[0], dash + rest[0].lines[0])
            shared.append(Draft(first.start, max(first.end, rest[0].end), lines))
            number += 2
        else:
            shared.append(first)
            number += 1
    return shared


@dataclass(frozen=True)
class Half(Cue):
    """One speaker's words of a shared cue. Start and end are estimates; `shown` are the times of the whole cue."""

    shown: tuple[float, float] = (0.0, 0.0)


def halves_of(cue: Cue) -> list[Cue]:
    """Return each speaker's words if all lines of a cue start with dashes; any other cue unchanged."""
    if len(cue.lines) < 2 or not all(line.startswith(_DASHES) for line in cue.lines):
        return [cue]
    words = [line.lstrip("".join(_DASHES)).strip() for line in cue.lines]
    widths = [max(width(one), 1) for one in words]
    total = sum(widths)
    bounds = [cue.start + (cue.end - cue.start) * share / total for share in accumulate([0, *widths])]
    return [Half(*times, (one,), (cue.start, cue.end)) for times, one in zip(pairwise(bounds), words, strict=True)]


def _fit(first: Draft, second: Draft, style: SubtitleStyle, dash: str) -> bool:
    if style.lines < 2 or not (_at_once(first, second) or _differ(first, second)):
        return False
    lines = (*first.lines, *second.lines)
    return (
        len(lines) == 2
        and all(width(dash + line) <= style.line_length and not line.startswith(_DASHES) for line in lines)
        and second.start - first.end <= _APART_AT_MOST_S
        and max(first.end, second.end) - first.start <= style.max_duration
    )


def _differ(first: Draft, second: Draft) -> bool:
    return None not in (first.speaker, second.speaker) and first.speaker != second.speaker


def _at_once(first: Draft, second: Draft) -> bool:
    """Return whether two begin to speak at about the same time, and both speak on."""
    return second.start - first.start <= _TOGETHER_S and overlap(first, second)


def overlap(first: Draft, second: Draft) -> bool:
    """Return whether two really speak at the same time: times in recordings overlap a little by mere inaccuracy."""
    together_s = min(first.end, second.end) - second.start
    return together_s > max(_INACCURATE_S, _INACCURATE_SHARE * min(first.end - first.start, second.end - second.start))


def _hurried(drafts: Sequence[Draft], style: SubtitleStyle, gap: float) -> bool:
    """Return whether the first or second of up to three drafts has too little time to be read."""
    following = [draft.start for draft in drafts[1:]]
    return any(
        until - gap - draft.start < reading_time_s(draft, style)
        for draft, until in zip(drafts, following, strict=False)
    )
