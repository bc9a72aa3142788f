"""When the paragraphs of a text are read: one after another. Pure."""

from __future__ import annotations

from collections.abc import Mapping

PARAGRAPH_PAUSE_S = 0.6


def starts_in_a_row(lengths: Mapping[int, int], rate: int) -> dict[int, int]:
    """Return, by id, the sample at which each paragraph of a text begins, one after another with a pause between."""
    starts, position = {}, 0
    for number, length in lengths.items():
        starts[number] = position
        position += length + round(PARAGRAPH_PAUSE_S * rate)
    return starts
