"""Cues as a subtitle file holds them: with markup, in the order of the file, and with the line each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from dropdub.errors import TooLong

LATEST_S = 100 * 3600
"""No cue starts or ends later: SubRip, WebVTT and SubStation cannot all write 100 hours."""
_MOST_NAMED = 5
_QUOTED = 60
_LONGEST_CONTINUED = 10_000
"""Characters; a reader refuses half of them."""


@dataclass(frozen=True)
class RawCue:
    """A cue with its markup; times in seconds. `end` is None if the format only says when a cue starts.

    `line` counts from 1 in the file.
    """

    start: float
    end: float | None
    text: str
    line: int = 0

    def __post_init__(self) -> None:
        if max(self.start, self.end or 0.0) >= LATEST_S:
            where = f"The subtitle at line {self.line}" if self.line else "One of the subtitles"
            raise TooLong(
                f"{where} stands after 99 hours, which is the limit.",
                remedy="Correct its times, then drop the file again.",
            )


@dataclass
class RawCues:
    """What a reader found in a file, and what it could not read, as sentences."""

    cues: list[RawCue] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def lose(self, line: int, why: str, text: str) -> None:
        """Record that the text at a line was left out."""
        words = " ".join(text.split())
        words = f": “{words[:_QUOTED]}{'…' if len(words) > _QUOTED else ''}”" if words else ""
        self.losses.append(f"Line {line} was left out, because {why}{words}.")


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text that are not blank, each with its number from 1."""
    yield from ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())


def piped(text: str) -> str:
    """Return the lines of a cue, which a bar separates; a slash at the start of one means italics."""
    return "\n".join(part.strip().removeprefix("/").strip() for part in text.split("|"))


def continued(found: RawCues, number: int, line: str) -> None:
    """Add a line without a time to the cue before it, as another line of it; the first line of a file is lost.

    A cue that is already too long to be accepted does not grow further.
    """
    if found.cues and len(found.cues[-1].text) > _LONGEST_CONTINUED:
        return
    if found.cues:
        found.cues[-1] = replace(found.cues[-1], text=f"{found.cues[-1].text}\n{piped(line)}")
    else:
        found.lose(number, "it does not begin with a time", line)


def several_languages(read: str, others: Sequence[str]) -> str:
    """Return the sentence on a file with subtitles in several languages, of which one was read."""
    return f"It has subtitles in several languages, of which {read} was read, not {', '.join(others)}."


def named_losses(losses: Sequence[str]) -> list[str]:
    """Return the sentences on what was lost; of many, the first few and the number of the others."""
    more = len(losses) - _MOST_NAMED
    return [*losses[:_MOST_NAMED], *([f"{more} more lines of it could not be read."] if more > 0 else [])]


def ended(cues: Sequence[RawCue]) -> list[RawCue]:
    """Return cues in order of time, each with an end: the start of the next if its format does not say it."""
    ordered = sorted(cues, key=lambda cue: cue.start)
    starts = [cue.start for cue in ordered]
    found: list[RawCue] = []
    following = later = None
    for cue, start in zip(reversed(ordered), reversed(starts), strict=True):
        if following is not None and following > start:
            later = following  # cues that start together end together
        found.append(cue if cue.end is not None else RawCue(start, _end(cue, later), cue.text, cue.line))
        following = start
    return found[::-1]


_LEAST_SHOWN_S = 3.0
_SHOWN_S_PER_CHARACTER = 0.1


def _end(cue: RawCue, following: float | None) -> float:
    """Return when a cue without an end disappears: with the next, at the latest when it has long been read."""
    latest = min(cue.start + max(_LEAST_SHOWN_S, len(cue.text) * _SHOWN_S_PER_CHARACTER), LATEST_S - 0.001)
    return latest if following is None else min(following, latest)
