"""Merge the separately transcribed chunks of a recording, with every word once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from dropdub.languages import UNDETERMINED
from dropdub.pipeline.artifacts import Segment, TimedWord, Transcript, chunk_name
from dropdub.pipeline.facts import Facts

OVERSHOOT_S = 0.05
"""Rounding may push times this far beyond their chunk; times further out are wrong."""


@dataclass(frozen=True)
class Chunk:
    """A range of the recording, in seconds, and its transcript."""

    start: float
    end: float
    transcript: Transcript


def load_merged(job_dir: Path, facts: Facts) -> Transcript:
    """Return the merged transcript of a job's chunks; there must be one. Raises what `merge` and `load` do."""
    ranges = facts.split.chunks
    chunks = (Transcript.load(job_dir / chunk_name(ordinal)) for ordinal in range(len(ranges)))
    return merge([Chunk(start, end, one) for (start, end), one in zip(ranges, chunks, strict=True)])


def merge(chunks: Sequence[Chunk]) -> Transcript:
    """Return one transcript of consecutive chunks, renumbered, in the language that is spoken for the longest time.

    Raises ValueError if there is a gap or overlap between chunks, or if times lie outside their chunk.
    """
    for before, after in pairwise(chunks):
        if before.end != after.start:
            raise ValueError(f"a chunk ends at {before.end} s, but the next starts at {after.start} s")
    segments = tuple(_clamped(segment, chunk) for chunk in chunks for segment in chunk.transcript.segments)
    first = chunks[0].transcript
    duration_s = chunks[-1].end - chunks[0].start
    suspects = tuple(one for chunk in chunks for one in chunk.transcript.suspects)
    others = tuple(one for chunk in chunks for one in chunk.transcript.others)
    merged = Transcript(_language(chunks), duration_s, segments, first.engine, suspects=suspects, others=others)
    return merged.renumbered()


def _language(chunks: Sequence[Chunk]) -> str:
    spoken_s: dict[str, float] = {}
    for chunk in chunks:
        language, segments = chunk.transcript.language, chunk.transcript.segments
        spoken_s[language] = spoken_s.get(language, 0.0) + sum(one.end - one.start for one in segments)
    return max(spoken_s, key=lambda language: (spoken_s[language], language != UNDETERMINED))


def _clamped(segment: Segment, chunk: Chunk) -> Segment:
    start, end = _times(segment, chunk)
    return replace(segment, start=start, end=end, words=tuple(_clamped_word(word, chunk) for word in segment.words))


def _clamped_word(word: TimedWord, chunk: Chunk) -> TimedWord:
    start, end = _times(word, chunk)
    return replace(word, start=start, end=end)


def _times(item: Segment | TimedWord, chunk: Chunk) -> tuple[float, float]:
    if not chunk.start - OVERSHOOT_S <= item.start <= item.end <= chunk.end + OVERSHOOT_S:
        raise ValueError(f"{item.text!r} at {item.start}-{item.end} s is outside chunk {chunk.start}-{chunk.end} s")
    return max(item.start, chunk.start), min(item.end, chunk.end)
