"""A person's own words: cues as segments, and corrected cues laid over the segments that they were made of. Pure."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dropdub.pipeline.artifacts import Segment
from dropdub.subtitles.dialogue import Half, halves_of
from dropdub.subtitles.formats import Cue
from dropdub.text.reading import run_on

NEAR_S = 2.0
"""A cue is looked for among the segments that are spoken this near to it."""
MOVED_S = 1.5
"""Layout shifts a cue by half a second at most; by more, a person has moved it."""
_SAME_WORDS = 0.5
_LEAST_SAME = 1 / 3
_AKIN_S = 0.15
_LOOKED_AT = 40
_LEAST_AKIN = 0.3


def segments_of(cues: Iterable[Cue], *, end_s: float | None = None) -> tuple[Segment, ...]:
    """Return cues as segments, numbered from 0; those that begin behind the recording's end (`end_s`) are left out.

    A cue that speakers share, each on a line with a dash, becomes several.
    """
    kept = [part for cue in cues for part in halves_of(cue) if end_s is None or part.start < end_s]
    last_s = math.inf if end_s is None else end_s
    return tuple(Segment(number, cue.start, min(cue.end, last_s), _text([cue])) for number, cue in enumerate(kept))


def revised(segments: Sequence[Segment], cues: Sequence[Cue]) -> tuple[Segment, ...]:
    """Return the segments with the words of corrected cues, in the order of time.

    What was not changed stays as it is, to the letter, so that nothing is made anew for it. A segment whose cues are
    gone has no text; a cue that no segment is near becomes one. Where less than a third is the same, the cues are
    another's work, and become the segments themselves.
    """
    by_owner, strays = _dealt(segments, cues)
    kept = [_revised(segment, by_owner.get(place, ())) for place, segment in enumerate(segments)]
    same = sum(one == other and bool(one.text) for one, other in zip(kept, segments, strict=True))
    if same < _LEAST_SAME * len(segments):
        return speakers_as_in(segments, segments_of(cues))
    first_free = max((segment.id for segment in segments), default=-1) + 1
    new = [replace(one, id=first_free + number) for number, one in enumerate(segments_of(strays))]
    return tuple(sorted([*kept, *speakers_as_in(segments, new)], key=lambda one: one.start))


def changed(before: Sequence[Segment], after: Sequence[Segment]) -> int:
    """Return how many segments say something else than before, or say it at another time."""
    known = {(one.start, one.end, one.text) for one in before}
    return len({(one.start, one.end, one.text) for one in after} - known)


def speakers_as_in(known: Sequence[Segment], segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return segments, each with the speaker of the known one that is nearest in time."""
    if not known:
        return tuple(segments)
    starts = [one.start for one in known]

    def speaker(moment: float) -> str | None:
        return min(
            (known[place] for place in _around(starts, moment)), key=lambda one: _distance_s(moment, one)
        ).speaker

    return tuple(replace(one, speaker=speaker(one.start)) for one in segments)


def starts_match(starts: Sequence[float], segments: Sequence[Segment]) -> bool:
    """Return whether cues that begin at `starts` (in order) can be of these segments: three in ten begin with one."""
    met = sum(
        bisect_left(starts, segment.start - _AKIN_S) < bisect_right(starts, segment.start + _AKIN_S)
        for segment in segments
    )
    return bool(segments) and met >= _LEAST_AKIN * len(segments)


def _dealt(segments: Sequence[Segment], cues: Sequence[Cue]) -> tuple[dict[int, list[Cue]], list[Cue]]:
    """Return the cues of each segment, by its place, and those that are near none."""
    by_owner: dict[int, list[Cue]] = {}
    strays: list[Cue] = []
    starts, said = [one.start for one in segments], [_Said.of(one.text) for one in segments]
    rests = [one.compact for one in said]
    for cue in (part for one in cues for part in halves_of(one)):
        near = [place for place in _around(starts, cue.start) if _apart_s(cue, segments[place]) <= NEAR_S]
        if near:
            words = _Said.of(cue.text)
            kinships = {place: _kinship(cue, words, segments[place], said[place], rests[place]) for place in near}
            owner = max(near, key=kinships.__getitem__)
            by_owner.setdefault(owner, []).append(cue)
            rests[owner] = _rest(cue, rests[owner])
        else:
            strays.append(cue)
    return by_owner, strays


def _around(starts: Sequence[float], moment: float) -> range:
    """Return the places of those segments, in the order of their starts, that can be near a moment."""
    after = bisect_right(starts, moment + NEAR_S)
    return range(max(after - _LOOKED_AT, 0), min(after + 1, len(starts)))


@dataclass(frozen=True)
class _Said:
    """A text as others are compared with it: made once, as a cue has up to `_LOOKED_AT` segments near it."""

    compact: str
    words: Sequence[str]
    known: frozenset[str]

    @staticmethod
    def of(text: str) -> _Said:
        words = _words(text)
        return _Said(_compact(text), words, frozenset(words))


def _kinship(cue: Cue, words: _Said, segment: Segment, said: _Said, rest: str) -> tuple[bool, bool, bool, float, float]:
    """Return how likely a cue of these `words` is of a segment, of whose text `rest` stood in no cue before."""
    share = _shared(words, said)
    alike = share >= _SAME_WORDS
    unsaid = rest != "" and (alike or isinstance(cue, Half))
    return rest.startswith(words.compact), unsaid, alike, -_apart_s(cue, segment), share


def _rest(cue: Cue, rest: str) -> str:
    """Return what is left of a segment's text behind a cue; nothing behind one speaker's part that was changed."""
    text = _compact(cue.text)
    return "" if isinstance(cue, Half) and not rest.startswith(text) else rest.removeprefix(text)


def _shared(cue: _Said, segment: _Said) -> float:
    """Return which share of a cue's words a segment has."""
    if cue.compact in segment.compact:
        return 1.0
    return sum(word in segment.known for word in cue.words) / len(cue.words) if cue.words else 0.0


def _revised(segment: Segment, cues: Sequence[Cue]) -> Segment:
    if not cues:
        return replace(segment, text="", words=(), raw=None, shorter=())
    text = _text(cues)
    if _compact(text) != _compact(segment.text):
        segment = replace(segment, text=text, raw=None, shorter=())
    if _is_moved(cues[0], segment):
        segment = replace(segment, start=cues[0].start, end=cues[-1].end, words=())
    return segment


def _is_moved(cue: Cue, segment: Segment) -> bool:
    if isinstance(cue, Half):  # where in the cue its words were, nobody knows
        return _apart_s(cue, segment) > MOVED_S
    return abs(cue.start - segment.start) > MOVED_S


def _apart_s(cue: Cue, segment: Segment) -> float:
    """Return how far a cue's beginning is from a segment; of what shares a cue, all of that."""
    if isinstance(cue, Half):
        return max(segment.start - cue.shown[1], cue.shown[0] - segment.end, 0.0)
    return _distance_s(cue.start, segment)


def _text(cues: Iterable[Cue]) -> str:
    return run_on([line for cue in cues for line in cue.lines])


def _distance_s(moment: float, segment: Segment) -> float:
    return max(segment.start - moment, moment - segment.end, 0.0)


def _compact(text: str) -> str:
    """Return what two texts are compared by: without blanks, and without a dash before all, which marks a speaker."""
    return "".join(text.split()).lstrip("-–—‐")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
