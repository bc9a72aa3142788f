"""Start times of a text's paragraphs, read one after another. Pure."""

from __future__ import annotations

from collections.abc import Mapping

PARAGRAPH_PAUSE_S = 0.6


def starts_in_a_row(lengths: Mapping[int, int], rate: int) -> dict[int, int]:
    """Return the sample at which each paragraph starts, by id, with a pause between paragraphs."""
    starts, position = {}, 0
    for number, length in lengths.items():
        starts[number] = position
        position += length + round(PARAGRAPH_PAUSE_S * rate)
    return starts
