"""merge: the chunks' transcripts into one, every word once, each segment with its speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

from dropdub.config import JobOptions
from dropdub.engines.languages import UNDETERMINED, primary
from dropdub.pipeline.artefacts import SPEAKERS, TRANSCRIPT, Segment, TimedWord, Transcript, chunk_name, load_turns
from dropdub.pipeline.cleanup import clean_segments
from dropdub.pipeline.speakers import attributed
from dropdub.pipeline.stages.base import Result, Task
from dropdub.pipeline.targets import skip_warnings, skipped_targets

OVERSHOOT_S = 0.05
"""Times may pass their chunk's bounds by rounding; by more they are wrong."""


@dataclass(frozen=True)
class Chunk:
    """One range of the recording, in seconds, and what is said in it."""

    start: float
    end: float
    transcript: Transcript


def run(task: Task) -> Result:
    """Write transcript.json; return its language, and the targets that nothing is made for (`skipped`)."""
    ranges = task.facts["split"]["chunks"]
    chunks = [
        Chunk(start, end, Transcript.load(task.job_dir / chunk_name(ordinal)))
        for ordinal, (start, end) in enumerate(ranges)
    ]
    merged = merge(chunks)
    if "diarize" in task.facts:
        turns = load_turns(task.job_dir / SPEAKERS)
        merged = replace(merged, segments=tuple(attributed(merged.segments, turns))).numbered()
    merged = cleaned_up(merged, task.options)
    merged.save(task.job_dir / TRANSCRIPT)
    skipped, warnings = _skipped(task, merged)
    return {
        "segments": len(merged.segments),
        "words": sum(len(segment.text.split()) for segment in merged.segments),
        "language": merged.language,
        "engine": merged.engine,
        "suspects": [asdict(one) for one in merged.suspects],
        "speakers": len({segment.speaker for segment in merged.segments}),
        "skipped": skipped,
        "warnings": warnings,
    }


def cleaned_up(transcript: Transcript, options: JobOptions) -> Transcript:
    """Return it with clean texts where the options ask for that in its language; else as it is."""
    if options.cleanup == "none" or primary(transcript.language) != options.cleanup:
        return transcript
    return replace(transcript, segments=clean_segments(transcript.segments))


def merge(chunks: Sequence[Chunk]) -> Transcript:
    """Return one transcript of neighbouring chunks, ids counted through, in the language that most is spoken in.

    Raises ValueError where the chunks leave a gap or overlap, or hold times that are not theirs.
    """
    for before, after in pairwise(chunks):
        if before.end != after.start:
            raise ValueError(f"a chunk ends at {before.end} s, the next begins at {after.start} s")
    segments = tuple(_clamped(segment, chunk) for chunk in chunks for segment in chunk.transcript.segments)
    first = chunks[0].transcript
    duration_s = chunks[-1].end - chunks[0].start
    suspects = tuple(one for chunk in chunks for one in chunk.transcript.suspects)
    return Transcript(_language(chunks), duration_s, segments, first.engine, suspects=suspects).numbered()


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
        raise ValueError(f"{item.text!r} at {item.start}-{item.end} s is not of chunk {chunk.start}-{chunk.end} s")
    return max(item.start, chunk.start), min(item.end, chunk.end)


def _skipped(task: Task, merged: Transcript) -> tuple[list[str], list[str]]:
    if not merged.segments:
        return list(task.options.targets), [f"No speech was found in {task.job_name}."]
    skipped = skipped_targets(task.options, merged.language, kind="media")
    return skipped, skip_warnings(task.job_name, "media", merged.language, skipped)
