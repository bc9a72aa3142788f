"""Who speaks when: voices grouped, or the channels of a stereo recording, and segments named after them.

Windows of 3 s of two speakers were like one another by .46 (median) and .53 (99th percentile) of the cosine, those of
one speaker by .85 and .69 (1st percentile): Resemblyzer 0.1.4 on a speech and on an audio book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dropdub.media.spans import Span
from dropdub.pipeline.artefacts import Segment, TimedWord, Turn

WINDOW_S = 3.0
HOP_S = 1.5
SAME_VOICE = 0.62
"""Groups of windows that are more alike than this on average are one voice."""
MOST_SPEAKERS = 8
MOST_GROUPED = 1_500
"""Windows that are grouped with one another; of a longer recording so many are drawn, and the rest joins them."""
LEAST_SHARE, LEAST_S = 0.03, 4.0
CHANNEL_DB = 6.0
DECIDED_SHARE = 0.9
SHORTEST_PART_S = 1.0


def windows_of(spans: Iterable[Span]) -> list[Span]:
    """Cut speech into windows of at most `WINDOW_S`, half overlapping, that never reach over a pause."""
    return [window for span in spans for window in _windows(span)]


def grouped(vectors: NDArray[np.float32]) -> list[int]:
    """Return a group for each vector of length 1, shape (n, dimensions): one for each voice."""
    if len(vectors) < 2:
        return [0] * len(vectors)
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415  (comes with the engines that need it)

    drawn = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), MOST_GROUPED)).round().astype(int))
    tree = linkage(vectors[drawn], method="average", metric="cosine")
    groups = fcluster(tree, t=1 - SAME_VOICE, criterion="distance")
    if groups.max() > MOST_SPEAKERS:
        groups = fcluster(tree, t=MOST_SPEAKERS, criterion="maxclust")
    return _nearest(vectors, vectors[drawn], groups)


def turns_by_voice(windows: Sequence[Span], groups: Sequence[int]) -> list[Turn]:
    """Return who speaks when, where each window has a group; none where all is one voice."""
    return _named(list(zip(windows, _without_strays(windows, groups), strict=True))) if windows else []


def turns_by_channel(windows: Sequence[Span], levels_db: NDArray[np.float64]) -> list[Turn]:
    """Return who speaks when, if each channel has a speaker of its own; `levels_db` has shape (windows, 2)."""
    if not len(windows):
        return []
    difference = levels_db[:, 0] - levels_db[:, 1]
    if float((np.abs(difference) >= CHANNEL_DB).mean()) < DECIDED_SHARE:
        return []
    groups = [0 if one > 0 else 1 for one in difference]
    return turns_by_voice(windows, groups)


def attributed(segments: Iterable[Segment], turns: Sequence[Turn]) -> list[Segment]:
    """Return segments with their speakers; one in which the speaker changes between words becomes several."""
    if not turns:
        return list(segments)
    return [part for segment in segments for part in _parts(segment, turns)]


def _windows(span: Span) -> Iterator[Span]:
    start = span.start
    while span.end - start > WINDOW_S:
        yield Span(start, start + WINDOW_S)
        start += HOP_S
    yield Span(start, span.end)


def _nearest(vectors: NDArray[np.float32], drawn: NDArray[np.float32], groups: NDArray[np.int_]) -> list[int]:
    """Return for each vector the group whose middle is nearest."""
    names = sorted(set(groups.tolist()))
    middles = np.stack([drawn[groups == name].mean(axis=0) for name in names])
    middles /= np.linalg.norm(middles, axis=1, keepdims=True) + 1e-9
    return [names[at] for at in np.argmax(vectors @ middles.T, axis=1)]


def _without_strays(windows: Sequence[Span], groups: Sequence[int]) -> list[int]:
    """Give the windows of groups that hardly speak to who spoke before them: coughs, laughter, a strange moment."""
    spoken: dict[int, float] = {}
    for window, group in zip(windows, groups, strict=True):
        spoken[group] = spoken.get(group, 0.0) + window.duration_s
    least_s = max(min(LEAST_S, 0.2 * sum(spoken.values())), LEAST_SHARE * sum(spoken.values()))
    main = {group for group, seconds in spoken.items() if seconds >= least_s} or {max(spoken, key=lambda g: spoken[g])}
    current = next(group for group in groups if group in main)
    kept = []
    for group in groups:
        current = group if group in main else current
        kept.append(current)
    return kept


def _named(labelled: Sequence[tuple[Span, int]]) -> list[Turn]:
    """Return turns, speakers named S1, S2… as they first speak; none where there is one speaker only."""
    order = list(dict.fromkeys(group for _, group in labelled))
    if len(order) < 2:
        return []
    turns: list[Turn] = []
    for group, run in groupby(labelled, key=lambda item: item[1]):
        spans = [span for span, _ in run]
        start = max(spans[0].start, turns[-1].end) if turns else spans[0].start
        turns.append(Turn(start, max(spans[-1].end, start), f"S{order.index(group) + 1}"))
    return turns


def _parts(segment: Segment, turns: Sequence[Turn]) -> list[Segment]:
    if not segment.words:
        return [replace(segment, speaker=_speaker(segment.start, segment.end, turns))]
    runs = [list(run) for _, run in groupby(segment.words, key=lambda word: _speaker(word.start, word.end, turns))]
    runs = _without_stubs(runs)
    if len(runs) == 1:
        return [replace(segment, speaker=_speaker(segment.start, segment.end, turns))]
    return [_part(segment, run, turns) for run in runs]


def _without_stubs(runs: list[list[TimedWord]]) -> list[list[TimedWord]]:
    """Join what is too short to be a turn to its neighbour."""
    kept: list[list[TimedWord]] = []
    for run in runs:
        stub = kept and min(run[-1].end - run[0].start, kept[-1][-1].end - kept[-1][0].start) < SHORTEST_PART_S
        if stub:
            kept[-1] = [*kept[-1], *run]
        else:
            kept.append(run)
    return kept


def _part(segment: Segment, words: Sequence[TimedWord], turns: Sequence[Turn]) -> Segment:
    start, end = words[0].start, words[-1].end
    text = " ".join(word.text for word in words)
    return replace(segment, start=start, end=end, text=text, words=tuple(words), speaker=_speaker(start, end, turns))


def _speaker(start: float, end: float, turns: Sequence[Turn]) -> str:
    """Return who speaks most between two moments; in a gap, who is nearest."""

    def nearness(turn: Turn) -> tuple[float, float]:
        overlap = min(end, turn.end) - max(start, turn.start)
        return max(overlap, 0.0), overlap

    return max(turns, key=nearness).speaker
