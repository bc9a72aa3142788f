"""Duck the original while the dub speaks. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dropdub.media.sound.spans import Span

DOWN_S, UP_S = 0.15, 0.4
"""Length of the fades: down before speech starts, and up again after it."""
KEPT_DOWN_S = 0.8
"""The original stays ducked during shorter pauses: hearing it come and go is worse."""


class Ducking:
    """The gain of the original over time: `level` within the spans, 1 outside, with ramps in between."""

    def __init__(self, spans: Iterable[Span], level: float) -> None:
        merged = _merged(spans)
        self._times = np.array([at for span in merged for at in _corners(span)])
        self._gains = np.array([gain for _ in merged for gain in (1.0, level, level, 1.0)])

    def gains(self, first: int, count: int, rate: int) -> NDArray[np.float32]:
        """Return the gain of each of `count` samples, starting at sample `first`."""
        if not len(self._times):
            return np.ones(count, np.float32)
        times = np.arange(first, first + count) / rate
        gains: NDArray[np.float32] = np.interp(times, self._times, self._gains).astype(np.float32)
        return gains


def _corners(span: Span) -> tuple[float, float, float, float]:
    return span.start - DOWN_S, span.start, span.end, span.end + UP_S


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if found and span.start - found[-1].end < KEPT_DOWN_S:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
