"""Measure the sound files of a dub's lines, and join the lines into utterances as in the original."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.dubbing.edges import find_speech
from dropdub.dubbing.utterances import Piece, Utterance, joined
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment, speech_dir_name
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.spoken_lines import load_spoken, spoken_name


@dataclass(frozen=True)
class Recorded:
    """A line's sound file, the span of it that holds speech, and the rate at which it was spoken.

    `lead_s` is how long after the start of the span its sound begins; None if it is silent.
    """

    path: Path
    span: Span
    rate: float
    lead_s: float | None = 0.0


def recorded(path: Path, rate: float) -> Recorded:
    """Measure a line's sound file. Raises NotMedia and OSError."""
    found = find_speech(path)
    return Recorded(path, found.span, rate, None if found.begins is None else found.begins - found.span.start)


def line_files(job_dir: Path, facts: Facts, target: str) -> dict[int, Path]:
    """Return the sound file of each line of a dub by line id: the best take, if the line was verified."""
    folder, best = job_dir / speech_dir_name(target), facts.best_takes(target)
    return {line.id: folder / best.get(line.id, line.file()) for line in load_spoken(job_dir / spoken_name(target))}


def recorded_lines(job_dir: Path, facts: Facts, target: str) -> dict[int, Recorded]:
    """Return each line of a dub, measured, by line id."""
    files = line_files(job_dir, facts, target)
    return {line.id: recorded(files[line.id], line.rate) for line in load_spoken(job_dir / spoken_name(target))}


def lengths_in_samples(files: Mapping[int, Path], rate: int) -> dict[int, int]:
    """Return the length of each line's file in samples at `rate`, by line id."""
    return {number: round(wav.duration_s(path) * rate) for number, path in files.items()}


def utterances_of(segments: Iterable[Segment], lines: Mapping[int, Recorded]) -> list[Utterance]:
    """Return the utterances of the segments whose lines contain any sound."""
    sounds = [one for one in segments if one.id in lines and lines[one.id].span.duration_s > 0]
    return [_utterance(run, lines) for run in joined(sorted(sounds, key=lambda one: one.start))]


def _utterance(run: Sequence[Segment], lines: Mapping[int, Recorded]) -> Utterance:
    pieces = tuple(Piece(one.id, one.start, one.end, lines[one.id].span.duration_s) for one in run)
    return Utterance(pieces, run[0].speaker, max(lines[one.id].rate for one in run))
