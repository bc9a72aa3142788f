"""Utterances of what was spoken: the lines' files measured, and joined as the original was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.edges import sounding
from dropdub.media.spans import Span
from dropdub.pipeline.artefacts import Segment
from dropdub.pipeline.utterances import Piece, Utterance, joined


@dataclass(frozen=True)
class Recorded:
    """A line's file, where in it is speech, and the pace that it was spoken at."""

    path: Path
    span: Span
    rate: float


def recorded(path: Path, rate: float) -> Recorded:
    """Return a line's file as it is. Raises NotMedia and OSError."""
    return Recorded(path, sounding(path), rate)


def utterances_of(segments: Iterable[Segment], lines: Mapping[int, Recorded]) -> list[Utterance]:
    """Return the utterances of those segments whose lines hold any sound."""
    sounds = [one for one in segments if one.id in lines and lines[one.id].span.duration_s > 0]
    return [_utterance(run, lines) for run in joined(sorted(sounds, key=lambda one: one.start))]


def _utterance(run: Sequence[Segment], lines: Mapping[int, Recorded]) -> Utterance:
    pieces = tuple(Piece(one.id, one.start, one.end, lines[one.id].span.duration_s) for one in run)
    return Utterance(pieces, run[0].speaker, max(lines[one.id].rate for one in run))
