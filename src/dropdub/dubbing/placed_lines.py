"""Turn spoken lines into parts of the dub's track: each at its start time, sped up as needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.dubbing.measured_lines import Recorded, utterances_of
from dropdub.dubbing.placement import Placement, place
from dropdub.dubbing.stretch import Stretch, stretch
from dropdub.dubbing.track import Part, part_of
from dropdub.dubbing.utterances import Piece, Utterance
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment

_INAUDIBLE = 0.002
"""A speed-up this small is skipped: the line then ends within the silence kept after it."""


@dataclass(frozen=True)
class Fitted:
    """Utterances, their placements, and the files of their lines."""

    utterances: Sequence[Utterance]
    placements: Sequence[Placement]
    lines: Mapping[int, Recorded]

    def parts(
        self, *, rate: int, length: int, scratch: Path, deadline_s: float, progress: Callable[[float], None]
    ) -> Iterator[Part]:
        """Yield a part for each line, for a track of `length` samples; stretched lines are written to `scratch`.

        Raises the errors of `run_ffmpeg`.
        """
        stretched = {piece.segment: sound for piece, sound in self._stretched(scratch)}
        stretch(list(stretched.values()), deadline_s=deadline_s, progress=progress)
        for one, its in zip(self.utterances, self.placements, strict=True):
            for piece, at in zip(one.pieces, its.pieces, strict=True):
                path, span = self._sound(piece.segment, stretched)
                start = round(at * rate)
                most = min(round(piece.length_s / its.stretch * rate), length - start)
                yield part_of(path, span, start=start, rate=rate, most=max(most, 0))

    def _stretched(self, scratch: Path) -> Iterator[tuple[Piece, Stretch]]:
        for one, its in zip(self.utterances, self.placements, strict=True):
            for piece in one.pieces if its.stretch >= 1.0 + _INAUDIBLE else ():
                line = self.lines[piece.segment]
                target = scratch / f"stretched.{line.path.name}"
                yield piece, Stretch(line.path, target, line.span, its.stretch)

    def _sound(self, number: int, stretched: Mapping[int, Stretch]) -> tuple[Path, Span]:
        if number not in stretched:
            return self.lines[number].path, self.lines[number].span
        target = stretched[number].target
        return target, Span(0.0, wav.duration_s(target))


def last_moment_s(kind: str, duration_s: float) -> float:
    """Return when a dub must end: with its recording, or never (infinity) if there are only subtitles."""
    return math.inf if kind == "subtitle" else duration_s


def fitted(segments: Sequence[Segment], lines: Mapping[int, Recorded], duration_s: float) -> Fitted:
    """Place the lines of a dub on the timeline of a recording that lasts `duration_s`."""
    utterances = utterances_of(segments, lines)
    return Fitted(utterances, place(utterances, duration_s), lines)
