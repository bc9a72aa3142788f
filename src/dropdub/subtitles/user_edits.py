"""Turn a user's cues into segments, and apply corrected cues to the segments they came from. Pure."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dropdub.pipeline.artifacts import Segment
from dropdub.subtitles.dialogue import Half, halves_of
from dropdub.subtitles.formats import Cue
from dropdub.text.line_ends import run_on

NEAR_S = 2.0
"""A cue can belong only to segments spoken this near to it."""
MOVED_S = 1.5
"""Layout shifts a cue by half a second at most. If it is off by more than this, the user moved it."""
_SAME_WORDS = 0.5
_LEAST_SAME = 1 / 3
_MATCH_S = 0.15
_LOOKED_AT = 40
_LEAST_MATCHES = 0.3


def segments_of(cues: Iterable[Cue], *, end_s: float | None = None) -> tuple[Segment, ...]:
    """Return cues as segments, numbered from 0, without those that start after the end of the recording (`end_s`).

    A cue shared by several speakers, each on a line with a dash, becomes several segments.
    """
    kept = [part for cue in cues for part in halves_of(cue) if end_s is None or part.start < end_s]
    last_s = math.inf if end_s is None else end_s
    return tuple(Segment(number, cue.start, min(cue.end, last_s), _text([cue])) for number, cue in enumerate(kept))


def revised(segments: Sequence[Segment], cues: Sequence[Cue]) -> tuple[Segment, ...]:
    """Return the segments with the texts of the corrected cues, sorted by time.

    Unchanged segments stay identical, so that their cached results are reused. A segment whose cues were deleted has no
    text; a cue without a nearby segment becomes a new one. If less than a third of the segments is unchanged, the cues
    are someone else's subtitle, and become the segments themselves.
    """
    by_owner, strays = _assigned(segments, cues)
    kept = [_revised(segment, by_owner.get(place, ())) for place, segment in enumerate(segments)]
    same = sum(one == other and bool(one.text) for one, other in zip(kept, segments, strict=True))
    if same < _LEAST_SAME * len(segments):
        return speakers_as_in(segments, segments_of(cues))
    first_free = max((segment.id for segment in segments), default=-1) + 1
    new = [replace(one, id=first_free + number) for number, one in enumerate(segments_of(strays))]
    return tuple(sorted([*kept, *speakers_as_in(segments, new)], key=lambda one: one.start))


def changed(before: Sequence[Segment], after: Sequence[Segment]) -> int:
    """Return how many segments have a new text or new times."""
    known = {(one.start, one.end, one.text) for one in before}
    return len({(one.start, one.end, one.text) for one in after} - known)


def speakers_as_in(known: Sequence[Segment], segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return segments, each with the speaker of the known segment nearest in time."""
    if not known:
        return tuple(segments)
    starts = [one.start for one in known]

    def speaker(moment: float) -> str | None:
        return min(
            (known[place] for place in _around(starts, moment)), key=lambda one: _distance_s(moment, one)
        ).speaker

    return tuple(replace(one, speaker=speaker(one.start)) for one in segments)


def renamed(segments: Iterable[Segment], names: Mapping[str, str]) -> tuple[Segment, ...]:
    """Return segments whose speakers have their new names; two speakers with one name are one from then on."""
    return tuple(replace(one, speaker=names.get(one.speaker or "", one.speaker)) for one in segments)


def starts_match(starts: Sequence[float], segments: Sequence[Segment]) -> bool:
    """Return whether cues with these start times (in order) may come from the segments: 30 % of them start with one."""
    matches = sum(
        bisect_left(starts, segment.start - _MATCH_S) < bisect_right(starts, segment.start + _MATCH_S)
        for segment in segments
    )
    return bool(segments) and matches >= _LEAST_MATCHES * len(segments)


def _assigned(segments: Sequence[Segment], cues: Sequence[Cue]) -> tuple[dict[int, list[Cue]], list[Cue]]:
    """Return the cues of each segment, by its index, and the cues without a nearby segment."""
    by_owner: dict[int, list[Cue]] = {}
    strays: list[Cue] = []
    starts, said = [one.start for one in segments], [_Text.of(one.text) for one in segments]
    rests = [one.compact for one in said]
    for cue in (part for one in cues for part in halves_of(one)):
        near = [place for place in _around(starts, cue.start) if _apart_s(cue, segments[place]) <= NEAR_S]
        if near:
            text = _Text.of(cue.text)
            scores = {place: _score(cue, text, segments[place], said[place], rests[place]) for place in near}
            owner = max(near, key=scores.__getitem__)
            by_owner.setdefault(owner, []).append(cue)
            rests[owner] = _rest(cue, rests[owner])
        else:
            strays.append(cue)
    return by_owner, strays


def _around(starts: Sequence[float], moment: float) -> range:
    """Return the indexes of the segments that can be near a time; `starts` are in order."""
    after = bisect_right(starts, moment + NEAR_S)
    return range(max(after - _LOOKED_AT, 0), min(after + 1, len(starts)))


@dataclass(frozen=True)
class _Text:
    """A text prepared for comparison. Prepared once, because up to `_LOOKED_AT` segments are compared with each cue."""

    compact: str
    words: Sequence[str]
    known: frozenset[str]

    @staticmethod
    def of(text: str) -> _Text:
        words = _words(text)
        return _Text(_compact(text), words, frozenset(words))


def _score(cue: Cue, text: _Text, segment: Segment, said: _Text, rest: str) -> tuple[bool, bool, bool, float, float]:
    """Return how likely a cue with this `text` belongs to a segment; `rest` is the segment's text not yet in any cue.

    An unchanged cue continues exactly where the previous one stopped. A corrected one shares words with its segment,
    preferably one with unassigned text left; one speaker's half of a shared cue may share none. Time decides between
    equals, such as a repeated “Yes.”
    """
    share = _shared(text, said)
    alike = share >= _SAME_WORDS
    unassigned = rest != "" and (alike or isinstance(cue, Half))
    return rest.startswith(text.compact), unassigned, alike, -_apart_s(cue, segment), share


def _rest(cue: Cue, rest: str) -> str:
    """Return what is left of a segment's text after a cue; nothing after one speaker's part that was changed."""
    text = _compact(cue.text)
    return "" if isinstance(cue, Half) and not rest.startswith(text) else rest.removeprefix(text)


def _shared(cue: _Text, segment: _Text) -> float:
    """Return the share of a cue's words that the segment also has."""
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
    if isinstance(cue, Half):  # when exactly its words are spoken within the cue is unknown
        return _apart_s(cue, segment) > MOVED_S
    return abs(cue.start - segment.start) > MOVED_S


def _apart_s(cue: Cue, segment: Segment) -> float:
    """Return how far the start of a cue is from a segment in seconds; for a shared cue, how far the whole cue is."""
    if isinstance(cue, Half):
        return max(segment.start - cue.shown[1], cue.shown[0] - segment.end, 0.0)
    return _distance_s(cue.start, segment)


def _text(cues: Iterable[Cue]) -> str:
    return run_on([line for cue in cues for line in cue.lines])


def _distance_s(moment: float, segment: Segment) -> float:
    return max(segment.start - moment, moment - segment.end, 0.0)


def _compact(text: str) -> str:
    """Return a text as it is compared: without whitespace and without the leading dash that marks a speaker."""
    return "".join(text.split()).lstrip("-–—‐")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
