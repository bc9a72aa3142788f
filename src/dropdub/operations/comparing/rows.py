"""Put the lines of two transcripts beside each other, by their times. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.pipeline.artifacts import Segment


@dataclass(frozen=True)
class Row:
    """A stretch of the file: its begin in seconds and what it says, if these are known, and the text of each engine."""

    at: float | None
    source: str | None
    texts: list[str]


def rows_of(one: Sequence[Segment], other: Sequence[Segment]) -> list[Row]:
    """Return two transcripts of a recording as rows: segments that overlap in time are in the same row."""
    placed = [(segment, side) for side, segments in enumerate((one, other)) for segment in segments]
    placed.sort(key=lambda pair: (pair[0].start, pair[1]))
    rows: list[Row] = []
    ends_at = 0.0
    for segment, side in placed:
        if not rows or segment.start >= ends_at:
            rows.append(Row(segment.start, None, ["", ""]))
            ends_at = segment.end
        ends_at = max(ends_at, segment.end)
        texts = rows[-1].texts
        texts[side] = f"{texts[side]} {segment.text}".strip()
    return rows
