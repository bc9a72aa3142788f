"""Remarks on a line of a dub: what was changed in it, or is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dropdub.dubbing.placement import ON_TIME_S
from dropdub.dubbing.published_timing import Fit, FittedUtterance
from dropdub.pipeline.heard_lines import HeardLine

NOTICED_S = 0.05
"""Smaller overlaps and differences of length cannot be heard."""
SAME_PACE = 0.015


@dataclass(frozen=True)
class Remark:
    """A change to a line, or a fault of it."""

    text: str
    grade: Literal["note", "bad"]


def remarks_by_line(fit: Fit | None, heard: Mapping[int, HeardLine]) -> dict[int, tuple[Remark, ...]]:
    """Return the changes and faults of each line, by its id; lines without any are left out."""
    found: dict[int, list[Remark]] = {}
    for line, remarks in _timed(fit.utterances) if fit else ():
        found.setdefault(line, []).extend(remarks)
    for line, verified in heard.items():
        found.setdefault(line, []).extend(_heard(verified))
    return {line: tuple(remarks) for line, remarks in found.items() if remarks}


def _timed(utterances: Sequence[FittedUtterance]) -> Iterator[tuple[int, list[Remark]]]:
    for number, one in enumerate(utterances):
        first, *others = one.segments
        yield first, [*_placed(one), *_overlapping(one, utterances[number + 1 : number + 2])]
        for line in others:
            yield line, [Remark(f"spoken together with line {first + 1}", "note")]


def _placed(one: FittedUtterance) -> Iterator[Remark]:
    if one.shortened:
        yield Remark("shorter wording", "note")
    if abs(one.stretch - 1) > SAME_PACE:
        yield Remark(f"{'sped up' if one.stretch > 1 else 'slowed down'} to {one.stretch:.2f} times the rate", "note")
    if abs(one.shift) > ON_TIME_S:
        yield Remark(f"starts {abs(one.shift):.2f} s {'late' if one.shift > 0 else 'early'}", "note")
    if one.drift is not None and abs(one.drift - one.shift) > NOTICED_S and abs(one.drift) > ON_TIME_S:
        yield Remark(f"one of its lines starts {abs(one.drift):.2f} s {'late' if one.drift > 0 else 'early'}", "note")
    if one.end > one.slot[1] + NOTICED_S:
        yield Remark(f"uses {one.end - one.slot[1]:.2f} s of the silence after it", "note")


def _overlapping(one: FittedUtterance, follower: Sequence[FittedUtterance]) -> Iterator[Remark]:
    for other in follower:
        if one.end > other.start + NOTICED_S:
            yield Remark(f"runs {one.end - other.start:.2f} s into the next line", "bad")


def _heard(line: HeardLine) -> Iterator[Remark]:
    if not line.good:
        yield Remark(f"may be unintelligible; heard: “{line.heard}”" if line.heard else "may be unintelligible", "bad")
    elif line.errors:
        yield Remark(f"{line.errors} of {line.words} words misheard", "note")
