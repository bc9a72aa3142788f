"""When the voice of each line begins in the original's sound, whatever the transcript says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dropdub.dubbing.edges import BELOW_LOUDEST, LEVEL_S, levels
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment

_EARLIER_S = 1.0
"""How long before the time of its text a voice is looked for."""
_ABOVE_NOISE = 2.0
"""A voice is 6 dB louder than what the quietest twentieth of the recording reaches: the noise between the words."""
_QUIETEST = 5.0
_PAUSE_S = 0.15
"""Shorter silence is within a word: the closure of a plosive lasts up to 0.1 s."""
_TAIL_S = 0.25
"""Sound that continues into a line from the one before it, and ends sooner than this, belongs to that one."""
_CLICK_S = 0.05
_OVERLAP_S = 0.2
"""By which the text before may end too late: word times are off by that much for one word in ten."""


@dataclass(frozen=True)
class _Sounds:
    """The stretches of a recording with sound, in order and in seconds."""

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]

    def within(self, start: float, end: float) -> Iterator[Span]:
        """Yield the stretches that overlap a range, at full length."""
        first, last = int(np.searchsorted(self.ends, start, "right")), int(np.searchsorted(self.starts, end))
        yield from (Span(float(self.starts[at]), float(self.ends[at])) for at in range(first, last))


def voice_starts(audio: Path, speech: Sequence[Span], segments: Sequence[Segment]) -> dict[int, float]:
    """Return the second at which the voice of each segment begins in the sound, by the segment's id.

    `speech` is where the recording contains speech, as `split` found it; empty if that was not looked for. A segment is
    left out if the sound does not show it: nothing sounds during its time, or the voice before it continues into it
    without a pause. Raises NotMedia and OSError.
    """
    sounds = _sounds(audio, speech)
    found: dict[int, float] = {}
    free_from = 0.0
    for segment in sorted(segments, key=lambda one: one.start):
        begins = _begins(segment, sounds, free_from)
        if begins is not None:
            found[segment.id] = begins
        free_from = max(free_from, segment.end)
    return found


def _begins(segment: Segment, sounds: _Sounds, free_from: float) -> float | None:
    """Return when a segment's voice begins; `free_from` is when the segments before it have ended."""
    start = segment.start
    earliest = max(start - _EARLIER_S, min(free_from, start))
    for sound in sounds.within(start, segment.end):
        if sound.start >= earliest and sound.duration_s >= _CLICK_S:
            return sound.start
        if sound.start < earliest and sound.end - start >= _TAIL_S:
            return sound.start if sound.start >= earliest - _OVERLAP_S else None
    return None


def _sounds(audio: Path, speech: Sequence[Span]) -> _Sounds:
    found = levels(audio, Span(0.0, wav.duration_s(audio)))
    noise = float(np.percentile(found, _QUIETEST)) if len(found) else 0.0
    loud = found > max(BELOW_LOUDEST * float(found.max(initial=0.0)), _ABOVE_NOISE * noise)
    if speech:
        loud &= _during(speech, len(found))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(np.int8), [0]))))
    starts, ends = edges[::2].astype(np.float64) * LEVEL_S, edges[1::2].astype(np.float64) * LEVEL_S
    bridged = np.flatnonzero(starts[1:] - ends[:-1] < _PAUSE_S)
    return _Sounds(np.delete(starts, bridged + 1), np.delete(ends, bridged))


def _during(spans: Sequence[Span], count: int) -> NDArray[np.bool_]:
    """Return, for each of `count` levels, whether it is within any of the spans."""
    found = np.zeros(count, np.bool_)
    for span in spans:
        found[round(span.start / LEVEL_S) : round(span.end / LEVEL_S)] = True
    return found
