"""Assign speakers to the segments of a transcript. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from dropdub.pipeline.artifacts import Segment, TimedWord, Turn

SHORTEST_PART_S = 1.0
"""A segment is split at a change of speaker only if each part is at least this long."""


@dataclass(frozen=True)
class _Run:
    """Consecutive words of one speaker."""

    speaker: int | None
    words: tuple[TimedWord, ...]

    @property
    def duration_s(self) -> float:
        return self.words[-1].end - self.words[0].start


def with_speakers(segments: Sequence[Segment], turns: Sequence[Turn]) -> tuple[Segment, ...]:
    """Return the segments renumbered and with speakers `S1`, `S2`, … in order of first appearance.

    `turns` are in order and do not overlap. A segment with words of several speakers is split between them; one that
    no turn overlaps gets the previous speaker. If there is only one speaker, the segments are returned unchanged.
    """
    known = Turns(turns)
    parts = [part for segment in segments for part in _parts(segment, known)]
    speakers = _without_gaps([speaker for _, speaker in parts])
    names = {speaker: f"S{number}" for number, speaker in enumerate(dict.fromkeys(speakers), start=1)}
    if len(names) < 2:
        return tuple(segments)
    assigned = zip((part for part, _ in parts), speakers, strict=True)
    return tuple(replace(part, id=number, speaker=names[who]) for number, (part, who) in enumerate(assigned))


def speakers_in(segments: Sequence[Segment]) -> int:
    """Return how many speakers the segments name: 1 if they name none, 0 if there are no segments."""
    return len({segment.speaker for segment in segments})


class Turns:
    """Looks up who speaks at a given time. `turns` are in order and do not overlap."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._ends = [turn.end for turn in turns]

    def speaker(self, start: float, end: float) -> int | None:
        """Return who speaks longest between two times; None if no turn overlaps them."""
        shares: dict[int, float] = {}
        for turn in self._touching(start, end):
            shares[turn.speaker] = shares.get(turn.speaker, 0.0) + min(turn.end, end) - max(turn.start, start)
        return max(shares, key=lambda speaker: shares[speaker], default=None)

    def _touching(self, start: float, end: float) -> Iterator[Turn]:
        for place in range(bisect_right(self._ends, start), len(self._turns)):
            if self._turns[place].start >= end:
                return
            yield self._turns[place]


def _parts(segment: Segment, turns: Turns) -> list[tuple[Segment, int | None]]:
    runs = _settled(_runs(segment, turns)) if _made_of_words(segment) else []
    if len(runs) < 2:
        return [(segment, turns.speaker(segment.start, segment.end))]
    return [(_part(segment, runs, place), run.speaker) for place, run in enumerate(runs)]


def _made_of_words(segment: Segment) -> bool:
    """Return whether the words add up to the text, so that it can be split between them."""
    return bool(segment.words) and _text(segment.words) == " ".join(segment.text.split())


def _text(words: Sequence[TimedWord]) -> str:
    return " ".join(" ".join(word.text for word in words).split())


def _runs(segment: Segment, turns: Turns) -> list[_Run]:
    speakers = _without_gaps([turns.speaker(word.start, word.end) for word in segment.words])
    pairs = zip(speakers, segment.words, strict=True)
    return [_Run(who, tuple(word for _, word in run)) for who, run in groupby(pairs, key=lambda pair: pair[0])]


def _settled(runs: list[_Run]) -> list[_Run]:
    """Merge runs that are too short into the longer of their neighbours, the shortest first."""
    while len(runs) > 1:
        place = min(range(len(runs)), key=lambda at: runs[at].duration_s)
        if runs[place].duration_s >= SHORTEST_PART_S:
            break
        neighbours = [at for at in (place - 1, place + 1) if 0 <= at < len(runs)]
        longer = max(neighbours, key=lambda at: runs[at].duration_s)
        runs[place] = replace(runs[place], speaker=runs[longer].speaker)
        runs = _joined(runs)
    return runs


def _joined(runs: Sequence[_Run]) -> list[_Run]:
    grouped = groupby(runs, key=lambda run: run.speaker)
    return [_Run(who, tuple(word for run in same for word in run.words)) for who, same in grouped]


def _part(segment: Segment, runs: Sequence[_Run], place: int) -> Segment:
    words = runs[place].words
    start = segment.start if place == 0 else words[0].start
    end = segment.end if place == len(runs) - 1 else words[-1].end
    return replace(segment, start=start, end=end, text=_text(words), words=words)


def _without_gaps(speakers: Sequence[int | None]) -> list[int | None]:
    """Return the speakers with each None replaced by the previous speaker; leading ones by the first known speaker."""
    current = next((speaker for speaker in speakers if speaker is not None), None)
    filled: list[int | None] = []
    for speaker in speakers:
        current = current if speaker is None else speaker
        filled.append(current)
    return filled
