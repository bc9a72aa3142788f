"""mix: the spoken lines on one track, each where it was said, and that track encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dropdub.engines.languages import display_name, three_letters
from dropdub.files import written_whole
from dropdub.media import wav
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.wav import Samples, WavWriter
from dropdub.pipeline.artefacts import (
    AUDIO,
    Transcript,
    dub_name,
    speech_dir_name,
    speech_name,
    translation_name,
)
from dropdub.pipeline.stages.base import Result, Task, target_of
from dropdub.pipeline.takes import best_takes
from dropdub.pipeline.timeline import starts_as_spoken, starts_in_a_row

_BLOCK_S = 10.0
_PEAK = 0.98
_SHORTEST_TEXT_S = 0.5
_AAC_BITS = "96k"


@dataclass(frozen=True)
class Line:
    """One spoken line: its file, and the samples of the track that it begins and ends at."""

    path: Path
    start: int
    end: int


def run(task: Task) -> Result:
    """Write dub.T.wav, of a recording exactly as long as audio.wav, and dub.T.m4a."""
    target = target_of(task)
    rate = int(task.facts[f"synthesize/{target}"]["sample_rate"])
    lines = _lines(task, target, rate)
    length = _length(task, lines, rate)
    track = task.job_dir / dub_name(target)
    with written_whole(track, scratch=task.prepared_scratch()) as part:
        gain = write_track(part, lines, length=length, rate=rate)
    task.progress(0.5)
    _encode(task, track, target, length / rate)
    return {"duration_s": length / rate, "gain": round(gain, 3)}


def write_track(path: Path, lines: Sequence[Line], *, length: int, rate: int) -> float:
    """Add the lines up to a track of `length` samples, in blocks; return the gain that kept it from clipping."""
    peak = max((float(np.abs(block).max(initial=0.0)) for block in _blocks(lines, length, rate)), default=0.0)
    gain = min(1.0, _PEAK / peak) if peak > 1.0 else 1.0
    with WavWriter(path, rate, expected_s=length / rate) as writer:
        for block in _blocks(lines, length, rate):
            writer.write(block * np.float32(gain))
    return gain


def _blocks(lines: Sequence[Line], length: int, rate: int) -> Iterator[Samples]:
    """Yield the sum of the lines in blocks; of each line only what sounds in a block is read."""
    size = round(_BLOCK_S * rate)
    for first in range(0, length, size):
        block = np.zeros(min(size, length - first), np.float32)
        for line in lines:
            if line.start < first + len(block) and line.end > first:
                _add(block, first, line, rate)
        yield block


def _add(block: Samples, first: int, line: Line, rate: int) -> None:
    begin, end = max(line.start, first), min(line.end, first + len(block))
    part = wav.read_range(line.path, (begin - line.start) / rate, (end - line.start) / rate)
    block[begin - first : begin - first + len(part)] += part


def _lines(task: Task, target: str, rate: int) -> list[Line]:
    translation = Transcript.load(task.job_dir / translation_name(target))
    folder = task.job_dir / speech_dir_name(target)
    files = best_takes(task.facts, target)
    named = {segment.id: folder / files.get(segment.id, speech_name(segment.id)) for segment in translation.segments}
    segments = [segment for segment in translation.segments if named[segment.id].exists()]
    paths = {segment.id: named[segment.id] for segment in segments}
    lengths = {number: round(wav.duration_s(path) * rate) for number, path in paths.items()}
    as_text = task.kind == "text"
    starts = starts_in_a_row(lengths, rate) if as_text else starts_as_spoken(segments, rate)
    return [Line(path, starts[number], starts[number] + lengths[number]) for number, path in paths.items()]


def _length(task: Task, lines: Sequence[Line], rate: int) -> int:
    if task.kind == "text":
        return max([*(line.end for line in lines), round(_SHORTEST_TEXT_S * rate)])
    if task.kind == "subtitle":  # there is no recording: the last cue is the end
        return round(float(task.facts["extract"]["duration_s"]) * rate)
    return round(wav.duration_s(task.job_dir / AUDIO) * rate)


def _encode(task: Task, track: Path, target: str, duration_s: float) -> None:
    tags = ["-metadata:s:a:0", f"language={three_letters(target)}", "-metadata", f"title={_title(task, target)}"]
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    codec = ["-c:a", "aac", "-b:a", _AAC_BITS, "-movflags", "+faststart", "-f", "ipod"]
    with written_whole(task.job_dir / dub_name(target, "m4a"), scratch=task.prepared_scratch()) as part:
        run_ffmpeg(
            [*input_arguments(track), *exact, *tags, *codec, str(part)],
            deadline_s=task.deadline_s,
            duration_s=duration_s,
            progress=lambda share: task.progress(0.5 + share / 2),
        )


def _title(task: Task, target: str) -> str:
    return f"{Path(task.job_name).stem} ({display_name(target)})"
