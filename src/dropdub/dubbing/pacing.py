"""How to speak a dub's lines so that they fit: at which rate, and which of them in a shorter wording. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from dropdub.dubbing.placement import USUAL_FASTEST, Placement
from dropdub.dubbing.published_timing import ON_TIME_S
from dropdub.dubbing.utterances import Utterance
from dropdub.pipeline.artifacts import Segment
from dropdub.speech.sentences import Sentence

FASTEST_RATE = USUAL_FASTEST
"""The highest rate requested from a synthesizer; time stretching does the rest."""
_SAME = 0.02
_STEP = 0.02
_HURRIED = 1.15
_PUSHED_S = 0.15


def rates(utterances: Sequence[Utterance], placements: Sequence[Placement]) -> dict[int, float]:
    """Return the rate, above 1, for each line that is too long, by segment."""
    wanted: dict[int, float] = {}
    for one, its in zip(utterances, placements, strict=True):
        if its.stretch > 1.0 + _SAME:
            rate = min(math.ceil(round(its.stretch / _STEP, 6)) * _STEP, FASTEST_RATE)
            wanted |= {piece.segment: round(rate, 3) for piece in one.pieces}
    return wanted


def too_long(utterances: Sequence[Utterance], placements: Sequence[Placement]) -> dict[int, float]:
    """Return, by segment, the fraction of its present length that a line may have, if it is too long.

    A line is too long if it is faster than `USUAL_FASTEST`, or nearly as fast and still pushes itself or the next
    utterance out of place; not if it is fast only because its neighbours are too long.
    """
    found: dict[int, float] = {}
    for number, (one, its) in enumerate(zip(utterances, placements, strict=True)):
        shifts = [
            abs(placements[at].start - utterances[at].start) for at in (number, number + 1) if at < len(utterances)
        ]
        pushed_s = max(shifts) - ON_TIME_S
        hurried = its.stretch > USUAL_FASTEST + _SAME or (its.stretch > _HURRIED and pushed_s > _PUSHED_S)
        if hurried and one.duration_s() > one.end - one.start:
            room_s = its.end - its.start - max(pushed_s, 0.0)
            share = min(max(room_s, 0.0) * USUAL_FASTEST / max(one.duration_s(), 0.001), 1.0)
            found |= {piece.segment: share for piece in one.pieces}
    return found


def shorter_wordings(
    segments: Iterable[Segment], together: Iterable[frozenset[int]], shares: Mapping[int, float]
) -> dict[int, int]:
    """Return, by segment, which of its shorter wordings to speak, counted from 1: the longest that is short enough.

    If none is short enough, the shortest. Segments that share a sentence (`together`) use the same number.
    """
    by_id = {segment.id: segment for segment in segments}
    found: dict[int, int] = {}
    for group in together:
        members = [by_id[number] for number in sorted(group) if number in by_id]
        share = min((shares[one.id] for one in members if one.id in shares), default=None)
        offered = max((len(one.shorter) for one in members), default=0)
        if share is not None and offered:
            lengths = [sum(len(wording_of(one, number)) for one in members) for number in range(offered + 1)]
            fitting = (number for number in range(1, offered + 1) if lengths[number] <= share * lengths[0])
            chosen = next(fitting, offered)
            found |= {one.id: chosen for one in members if wording_of(one, chosen) != one.text}
    return found


def wording_of(segment: Segment, number: int) -> str:
    """Return a segment's wording: 0 is the translation, higher numbers are shorter; past the end, the last one."""
    return ([segment.text, *segment.shorter])[min(number, len(segment.shorter))]


def together_of(sentences: Iterable[Sentence]) -> list[frozenset[int]]:
    """Return the groups of segments that share sentences; `sentences` are in order."""
    groups: list[set[int]] = []
    for sentence in sentences:
        ids = {fragment.segment_id for fragment in sentence.fragments}
        if groups and not groups[-1].isdisjoint(ids):
            groups[-1] |= ids
        else:
            groups.append(ids)
    return [frozenset(group) for group in groups]
