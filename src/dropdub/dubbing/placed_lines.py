"""The spoken lines as parts of the dub's track: at their place, and as fast as they have to be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.dubbing.measured_lines import Recorded, utterances_of
from dropdub.dubbing.placement import Placement, place
from dropdub.dubbing.stretch import stretch
from dropdub.dubbing.track import Part, part_of
from dropdub.dubbing.utterances import Utterance
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment

_NOT_HEARD = 0.002
"""So little faster speech is left as it is, and ends in the silence that is kept behind it."""


@dataclass(frozen=True)
class Fitted:
    """Utterances and where they go, and the files of their lines."""

    utterances: Sequence[Utterance]
    placements: Sequence[Placement]
    lines: Mapping[int, Recorded]

    def parts(
        self, *, rate: int, length: int, scratch: Path, deadline_s: float, progress: Callable[[float], None]
    ) -> Iterator[Part]:
        """Yield a part for each line, for a track of `length` samples; stretched ones are written to `scratch`.

        Raises what `run_ffmpeg` raises.
        """
        for done, (one, its) in enumerate(zip(self.utterances, self.placements, strict=True), start=1):
            for piece, at in zip(one.pieces, its.pieces, strict=True):
                path, span = self._sound(piece.segment, its.stretch, scratch, deadline_s)
                start = round(at * rate)
                most = min(round(piece.length_s / its.stretch * rate), length - start)
                yield part_of(path, span, start=start, rate=rate, most=max(most, 0))
            progress(done / len(self.utterances))

    def _sound(self, number: int, speed: float, scratch: Path, deadline_s: float) -> tuple[Path, Span]:
        line = self.lines[number]
        if speed < 1.0 + _NOT_HEARD:
            return line.path, line.span
        target = scratch / f"stretched.{line.path.name}"
        stretch(line.path, target, span=line.span, speed=speed, deadline_s=deadline_s)
        return target, Span(0.0, wav.duration_s(target))


def last_moment_s(kind: str, duration_s: float) -> float:
    """Return when a dub must end: with its recording; that of a subtitle alone when all is said."""
    return math.inf if kind == "subtitle" else duration_s


def fitted(segments: Sequence[Segment], lines: Mapping[int, Recorded], duration_s: float) -> Fitted:
    """Return the lines of a recording's dub, each where it fits."""
    utterances = utterances_of(segments, lines)
    return Fitted(utterances, place(utterances, duration_s), lines)
