"""When the lines of a dub are spoken: how long each may take, and where each begins. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dropdub.pipeline.artefacts import Segment

FASTEST = 1.4
"""The highest speaking rate, in times of the usual one; above it speech is hard to follow."""
SLACK_S = 0.05
PARAGRAPH_PAUSE_S = 0.6


def slots(segments: Sequence[Segment], duration_s: float) -> dict[int, float]:
    """Return, by id, the seconds each segment has until the next one begins, the last until the recording ends."""
    ends = [*(one.start for one in segments), duration_s][1:]
    return {one.id: max(end - one.start, 0.0) for one, end in zip(segments, ends, strict=True)}


def fitting_rate(spoken_s: float, slot_s: float | None) -> float:
    """Return the rate at which speech of `spoken_s` fits its slot, from 1 to `FASTEST`; no slot is no limit."""
    if slot_s is None or fits(spoken_s, slot_s):
        return 1.0
    return min(spoken_s / max(slot_s, 0.001), FASTEST)


def fits(spoken_s: float, slot_s: float | None) -> bool:
    return slot_s is None or spoken_s <= slot_s + SLACK_S


def starts_as_spoken(segments: Sequence[Segment], rate: int) -> dict[int, int]:
    """Return, by id, the sample at which each line of a recording's dub begins."""
    return {segment.id: round(segment.start * rate) for segment in segments}


def starts_in_a_row(lengths: Mapping[int, int], rate: int) -> dict[int, int]:
    """Return, by id, the sample at which each paragraph of a text begins, one after another with a pause between."""
    starts, position = {}, 0
    for number, length in lengths.items():
        starts[number] = position
        position += length + round(PARAGRAPH_PAUSE_S * rate)
    return starts
