"""The chapters of a text read aloud: from its headings, or of about equal length if it has none. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dropdub.pipeline.artifacts import Segment
from dropdub.text.plain_headings import is_plain_heading
from dropdub.text.reading import heading_of

LONG_S = 30 * 60.0
"""A text without headings that takes longer is divided, so that listeners can find their place."""
ABOUT_S = 17.5 * 60.0
_SPECIAL = re.compile(r"([=;#\\\n])")


@dataclass(frozen=True)
class Chapter:
    """A chapter of an audiobook, in seconds."""

    title: str
    start: float
    end: float


def chapters(segments: Sequence[Segment], starts: Mapping[int, float], *, title: str, end: float) -> list[Chapter]:
    """Return the chapters of a text whose paragraphs begin at `starts` (seconds, by id) and that ends at `end`.

    They start at headings of the highest level that has several, or of a level above it; the text before the first
    gets the `title` of the whole. If no heading is marked, plain ones such as “Chapter IV” are used. If there are none
    either, a long text is divided between paragraphs about every `ABOUT_S`, and its parts are numbered.
    """
    spoken = [one for one in segments if one.id in starts]
    marks = _marked(spoken, starts) or _plain(spoken, starts) or _cut([starts[one.id] for one in spoken], end)
    if not marks or marks[0][0] > 0:
        marks.insert(0, (0.0, title))
    ends = [start for start, _ in marks[1:]] + [end]
    return [Chapter(words, start, last) for (start, words), last in zip(marks, ends, strict=True) if last > start]


def as_ffmetadata(found: Sequence[Chapter], *, title: str, tags: Mapping[str, str] | None = None) -> str:
    """Return chapters and tags in ffmpeg's metadata format, with times in milliseconds; empty tags are left out."""
    lines = [";FFMETADATA1", f"title={_escaped(title)}"]
    lines += [f"{name}={_escaped(value)}" for name, value in (tags or {}).items() if value]
    for chapter in found:
        start, end = round(chapter.start * 1000), round(chapter.end * 1000)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={_escaped(chapter.title)}"]
    return "\n".join(lines) + "\n"


def _marked(segments: Sequence[Segment], starts: Mapping[int, float]) -> list[tuple[float, str]]:
    headings = [(one.id, found) for one in segments if (found := heading_of(one.text))]
    level = _level([found[0] for _, found in headings])
    return [(starts[id_], words) for id_, (depth, words) in headings if depth <= level]


def _plain(segments: Sequence[Segment], starts: Mapping[int, float]) -> list[tuple[float, str]]:
    return [(starts[one.id], one.text.strip()) for one in segments if is_plain_heading(one.text)]


def _cut(starts: Sequence[float], end: float) -> list[tuple[float, str]]:
    """Return numbered parts of about equal length, each starting at the paragraph nearest to its ideal start."""
    if end <= LONG_S or not starts:
        return []
    number = max(round(end / ABOUT_S), 2)
    places = sorted({0.0, *(_nearest(starts, end * part / number) for part in range(1, number))})
    return [(start, str(part)) for part, start in enumerate(places, 1)]


def _nearest(starts: Sequence[float], moment: float) -> float:
    """Return the start nearest to a moment; `starts` are in order."""
    after = bisect_left(starts, moment)
    return min(starts[max(after - 1, 0) : after + 1], key=lambda start: abs(start - moment))


def _level(depths: Sequence[int]) -> int:
    several = (depth for depth in sorted(set(depths)) if sum(other <= depth for other in depths) > 1)
    return next(several, max(depths, default=1))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.replace("\0", "").split()))
