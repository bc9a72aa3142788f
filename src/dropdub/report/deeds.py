"""Describe what was changed in a line of a dub, or is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dropdub.dubbing.published_timing import Fit, FittedUtterance
from dropdub.pipeline.heard_lines import HeardLine

NOTICED_S = 0.05
"""Smaller differences cannot be heard."""
SAME_PACE = 0.015


@dataclass(frozen=True)
class Deed:
    """A change to a line, or a fault of it."""

    text: str
    grade: Literal["note", "bad"]


def deeds_by_line(fit: Fit | None, heard: Mapping[int, HeardLine]) -> dict[int, tuple[Deed, ...]]:
    """Return the changes and faults of each line, by its id; lines without any are left out."""
    found: dict[int, list[Deed]] = {}
    for line, deeds in _timed(fit.utterances) if fit else ():
        found.setdefault(line, []).extend(deeds)
    for line, verified in heard.items():
        found.setdefault(line, []).extend(_heard(verified))
    return {line: tuple(deeds) for line, deeds in found.items() if deeds}


def _timed(utterances: Sequence[FittedUtterance]) -> Iterator[tuple[int, list[Deed]]]:
    for number, one in enumerate(utterances):
        first, *others = one.segments
        yield first, [*_placed(one), *_overlapping(one, utterances[number + 1 : number + 2])]
        for line in others:
            yield line, [Deed(f"spoken together with line {first + 1}", "note")]


def _placed(one: FittedUtterance) -> Iterator[Deed]:
    if one.shortened:
        yield Deed("shorter wording", "note")
    if abs(one.stretch - 1) > SAME_PACE:
        yield Deed(f"{'sped up' if one.stretch > 1 else 'slowed down'} to {one.stretch:.2f} times the rate", "note")
    if abs(one.shift) > NOTICED_S:
        yield Deed(f"starts {abs(one.shift):.2f} s {'late' if one.shift > 0 else 'early'}", "note")
    if one.drift is not None and abs(one.drift - one.shift) > NOTICED_S:
        yield Deed(f"one of its lines starts {abs(one.drift):.2f} s {'late' if one.drift > 0 else 'early'}", "note")
    if one.end > one.slot[1] + NOTICED_S:
        yield Deed(f"uses {one.end - one.slot[1]:.2f} s of the silence after it", "note")


def _overlapping(one: FittedUtterance, follower: Sequence[FittedUtterance]) -> Iterator[Deed]:
    for other in follower:
        if one.end > other.start + NOTICED_S:
            yield Deed(f"runs {one.end - other.start:.2f} s into the next line", "bad")


def _heard(line: HeardLine) -> Iterator[Deed]:
    if not line.good:
        yield Deed(f"may be unintelligible; heard: “{line.heard}”" if line.heard else "may be unintelligible", "bad")
    elif line.errors:
        yield Deed(f"{line.errors} of {line.words} words misheard", "note")
