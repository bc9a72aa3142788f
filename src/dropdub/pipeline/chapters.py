"""The chapters of a text that is read aloud: from its headings. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dropdub.pipeline.artefacts import Segment
from dropdub.pipeline.textfile import heading_of

_SPECIAL = re.compile(r"([=;#\\\n])")


@dataclass(frozen=True)
class Chapter:
    """A stretch of an audio book, in seconds."""

    title: str
    start: float
    end: float


def chapters(segments: Sequence[Segment], starts: Mapping[int, float], *, title: str, end: float) -> list[Chapter]:
    """Return the chapters of a text whose paragraphs begin at `starts` (seconds, by id) and that ends at `end`.

    They begin at the headings of the highest level that has several, and of those above it; what stands before the
    first has the `title` of the whole.
    """
    headings = [(one.id, found) for one in segments if (found := heading_of(one.text)) and one.id in starts]
    level = _level([found[0] for _, found in headings])
    marks = [(starts[id_], words) for id_, (depth, words) in headings if depth <= level]
    if not marks or marks[0][0] > 0:
        marks.insert(0, (0.0, title))
    ends = [start for start, _ in marks[1:]] + [end]
    return [Chapter(words, start, last) for (start, words), last in zip(marks, ends, strict=True) if last > start]


def as_ffmetadata(found: Sequence[Chapter], *, title: str) -> str:
    """Return chapters in the form that ffmpeg reads; times in milliseconds."""
    lines = [";FFMETADATA1", f"title={_escaped(title)}"]
    for chapter in found:
        start, end = round(chapter.start * 1000), round(chapter.end * 1000)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={_escaped(chapter.title)}"]
    return "\n".join(lines) + "\n"


def _level(depths: Sequence[int]) -> int:
    several = (depth for depth in sorted(set(depths)) if sum(other <= depth for other in depths) > 1)
    return next(several, max(depths, default=1))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
