"""Cluster the speaker embeddings of a recording into speakers. Pure.

Each engine has thresholds of its own (`VoiceThresholds`). The rest was measured with Resemblyzer 0.1.4 on readers of
four voices, men and women, in recordings of 5 s to 5 min: clean, through a telephone, at low bit rates, in a hall, and
with noise (`benchmarks/speakers.py`). Windows of 1.6 s have an average similarity of .74 and .79 within a speaker (5th
percentile .63 and .72) and .39 between two (95th percentile .44), but noise and halls make all voices more alike. So
clusters are compared as similarity between them divided by the similarity within them, which hardly depends on the
room. Of 665 recordings of one speaker, none is heard as two speakers, of 558 with two speakers of at least 3 s each, 48
are heard as one, all of them in a hall or with noise at -15 dB or more. For CAM++, see its thresholds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from math import ceil

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.abilities import VoiceThresholds
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment, TimedWord, Turn

WINDOW_S = 1.6
HOP_S = 0.8
SHORTEST_S = 0.6
PAUSE_S = 0.4
CLUSTERED_FROM_S = 1.2
"""Shorter windows are not clustered."""
SURE_FROM_S = 6.0
"""Speech from which a cluster represents its voice. In between, the threshold rises in proportion."""
USUAL_PAIRS = 4
"""The similarity within a cluster of few windows is averaged with as many pairs of the usual similarity."""
MOST_CLUSTERED = 2_000
"""Windows to cluster: their similarity matrix takes 16 MB, merging some seconds. Others are assigned afterwards."""
MOST_SPEAKERS = 8
LEAST_S = 2.5
"""A speaker says at least this much; less may be one sentence of another speaker in another tone of voice."""
SMALL_S = 5.0
SMALL_SHARE = 0.03

USUAL = VoiceThresholds()
Vectors = NDArray[np.float32]
"""Speaker embeddings, one per row, each of length 1."""
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """A window to embed, and the part of the recording whose speaker it decides. `segment` counts from 0."""

    window: Span
    part: Span
    segment: int


def stretches(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Stretch]:
    """Return windows over the speech within each segment, in order; speech shorter than 0.6 s gets none.

    `speech` are the detected speech segments, used if the words of a segment have no times.
    """
    found: list[Stretch] = []
    ends = [span.end for span in speech]
    for number, segment in enumerate(segments):
        for piece in _spoken(segment, speech, bisect_right(ends, segment.start)):
            start = max(piece.start, found[-1].part.end) if found else piece.start
            found += _windowed(Span(start, piece.end), number) if piece.end - start >= SHORTEST_S else ()
    return found


def _spoken(segment: Segment, speech: Sequence[Span], first: int) -> list[Span]:
    """Return where words are spoken: the echo of a hall between them would be taken for another voice.

    Without words, return the detected speech within the segment (from `speech[first]` on), or else the whole segment.
    """
    if segment.words:
        return _phrases(segment.words)
    within = takewhile(lambda span: span.start < segment.end, islice(speech, first, None))
    clipped = [Span(max(span.start, segment.start), min(span.end, segment.end)) for span in within]
    return clipped or [Span(segment.start, segment.end)]


def _phrases(words: Sequence[TimedWord]) -> list[Span]:
    found: list[Span] = []
    for word in words:
        if found and word.start - found[-1].end < PAUSE_S:
            found[-1] = Span(found[-1].start, max(found[-1].end, word.end))
        else:
            found.append(Span(word.start, word.end))
    return found


def _windowed(piece: Span, segment: int) -> Iterator[Stretch]:
    if piece.duration_s <= WINDOW_S:
        yield Stretch(piece, piece, segment)
        return
    count = ceil((piece.duration_s - WINDOW_S) / HOP_S) + 1
    # Whole hundredths of a second give all windows the same number of samples.
    starts = [round(float(start), 2) for start in np.linspace(piece.start, piece.end - WINDOW_S, count)]
    middles = [start + WINDOW_S / 2 for start in starts]
    bounds = [piece.start, *(sum(pair) / 2 for pair in pairwise(middles)), piece.end]
    for place, start in enumerate(starts):
        yield Stretch(Span(start, start + WINDOW_S), Span(bounds[place], bounds[place + 1]), segment)


def turns(pieces: Sequence[Stretch], labels: Sequence[int]) -> list[Turn]:
    """Return the labelled stretches as turns."""
    return [
        Turn(stretch.part.start, stretch.part.end, int(label)) for stretch, label in zip(pieces, labels, strict=True)
    ]


def smoothed(pieces: Sequence[Stretch], labels: Sequence[int]) -> list[int]:
    """Return the labels; a single label between two equal ones of its segment is replaced with theirs."""
    found = [int(label) for label in labels]
    for place in range(1, len(found) - 1):
        around = {pieces[at].segment for at in (place - 1, place, place + 1)}
        if len(around) == 1 and found[place - 1] == int(labels[place + 1]):
            found[place] = found[place - 1]
    return found


def voices(vectors: Vectors, pieces: Sequence[Stretch], thresholds: VoiceThresholds = USUAL) -> Labels:
    """Return the speaker number of each vector, by the thresholds of the engine that computed them.

    There are at most 8 speakers. Each has at least 2.5 s of speech, and 3 % of it or 5 s.
    """
    if not len(vectors):
        return np.zeros(0, np.int64)
    seconds = np.array([stretch.part.duration_s for stretch in pieces])
    long = _clustered_windows(np.array([stretch.window.duration_s for stretch in pieces]))
    repeated = _repeated(vectors[long], thresholds.same_sound)
    seconds[long[repeated]] = 0.0
    clustered = long[~repeated]
    clusters = linked(vectors[clustered], thresholds.windows_alike)
    clusters = merged(vectors[clustered], clusters, seconds[clustered], thresholds)
    return _speakers(vectors, _centres(vectors[clustered], clusters), seconds)


def _clustered_windows(window_s: NDArray[np.float64]) -> Labels:
    """Return the indexes of the windows to cluster: the long ones, evenly sampled if there are too many."""
    long = np.flatnonzero(window_s >= min(CLUSTERED_FROM_S, window_s.max()))
    return long[np.linspace(0, len(long) - 1, min(len(long), MOST_CLUSTERED)).round().astype(np.int64)]


def _repeated(vectors: Vectors, same_sound: float) -> NDArray[np.bool_]:
    """Return which windows repeat the sound of an earlier one: such windows count once."""
    return np.asarray(np.triu(vectors @ vectors.T > same_sound, 1).any(axis=0), np.bool_)


def linked(vectors: Vectors, alike: float) -> Labels:
    """Return average-linkage clusters, numbered from 0: merged while the similarity of two is at least `alike`."""
    count = len(vectors)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    sizes, cluster = np.ones(count), np.arange(count)
    while True:
        one, other = divmod(int(likeness.argmax()), count)
        if not likeness[one, other] >= alike:
            return np.unique(cluster, return_inverse=True)[1].astype(np.int64)
        both = sizes[one] * likeness[one] + sizes[other] * likeness[other]
        sizes[one] += sizes[other]
        likeness[one] = likeness[:, one] = both / sizes[one]
        likeness[other] = likeness[:, other] = -np.inf
        cluster[cluster == other] = one


def merged(vectors: Vectors, clusters: Labels, seconds: NDArray[np.float64], thresholds: VoiceThresholds) -> Labels:
    """Return the clusters, numbered from 0, with those of one speaker merged. `seconds`: the speech of each vector.

    In each round, all pairs are merged that are each other's most similar, so that there are few rounds.
    """
    found = clusters
    while True:
        above = _above_threshold(vectors, found, seconds, thresholds)
        best = above.argmax(axis=1)
        numbers = np.arange(len(best))
        mutual = (best[best] == numbers) & (above[numbers, best] > 0)
        if not mutual.any():
            return found
        joined = np.where(mutual, np.minimum(numbers, best), numbers)[found]
        found = np.unique(joined, return_inverse=True)[1].astype(np.int64)


def _above_threshold(
    vectors: Vectors, clusters: Labels, seconds: NDArray[np.float64], thresholds: VoiceThresholds
) -> NDArray[np.float64]:
    """Return by how much the similarity of each two clusters exceeds that from which they are one speaker."""
    sizes = np.bincount(clusters).astype(np.float64)
    sums = np.zeros((len(sizes), vectors.shape[1]))
    np.add.at(sums, clusters, vectors)
    totals = sums @ sums.T  # of the similarities of all pairs, as the vectors have length 1
    within = _within(totals.diagonal() - sizes, sizes * (sizes - 1))
    alike = totals / np.outer(sizes, sizes) / np.sqrt(np.outer(within, within))
    spoken_s = np.bincount(clusters, seconds)
    sure = np.minimum(np.minimum.outer(spoken_s, spoken_s) / SURE_FROM_S, 1.0)
    short = thresholds.short_voices_alike
    above = alike - (short + (thresholds.voices_alike - short) * sure)
    np.fill_diagonal(above, -np.inf)
    return above


def _within(totals: NDArray[np.float64], pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average similarity within each cluster, close to the usual one if it has few pairs of windows."""
    usual = totals.sum() / pairs.sum() if pairs.any() else 1.0
    found: NDArray[np.float64] = (totals + USUAL_PAIRS * usual) / (pairs + USUAL_PAIRS)
    return np.maximum(found, np.finfo(np.float64).eps)


def _centres(vectors: Vectors, clusters: Labels) -> Vectors:
    """Return the mean embedding of each cluster, normalized to length 1."""
    sums = np.zeros((int(clusters.max()) + 1, vectors.shape[1]))
    np.add.at(sums, clusters, vectors)
    centres: Vectors = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
    return centres


def _speakers(vectors: Vectors, centres: Vectors, seconds: NDArray[np.float64]) -> Labels:
    """Assign each vector to the nearest centre; drop the smallest cluster and repeat until all speak long enough."""
    while True:
        labels: Labels = (vectors @ centres.T).argmax(axis=1)
        spoken_s = np.bincount(labels, seconds, minlength=len(centres))
        smallest = int(spoken_s.argmin())
        too_small = spoken_s[smallest] < max(LEAST_S, min(SMALL_S, SMALL_SHARE * seconds.sum()))
        if len(centres) == 1 or not (too_small or len(centres) > MOST_SPEAKERS):
            return labels
        centres = np.delete(centres, smallest, axis=0)
