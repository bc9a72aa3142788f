"""The peaks of a recording, from which a waveform is drawn. ffmpeg finds them while it decodes: nothing is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.ffmpeg import QUIET, find_ffmpeg, input_arguments, judge, start_errors
from dropdub.media.watch import Watch
from dropdub.process.run import Program, run

FULL = 100
"""The value of a peak at full scale: one percent is finer than a pixel of a drawn waveform."""
MOST = 60_000
"""Peaks of a recording, however long: as JSON at most 240 kB."""
MOST_A_SECOND = 20
"""Of a short one. At any zoom, a syllable then has several."""
_MOST_FOUND = 16 * MOST
_RATE = 8_000
"""Samples a second to which the sound is reduced first: the loudest parts of speech are below 4 kHz."""
_MEASURE = "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=Peak_level"
_LEVEL = "lavfi.astats.Overall.Peak_level"


@dataclass(frozen=True)
class PeakLine:
    """The peaks of a sound, each from 0 to FULL; `interval_s`: how many seconds one stands for."""

    interval_s: float
    peaks: list[int]


def peaks_of(path: Path, *, duration_s: float, deadline_s: float) -> PeakLine:
    """Return the peaks of the first sound of a recording, which is about `duration_s` long.

    Raises DeadlineExceeded, MediaToolFailed and EngineMissing.
    """
    samples = _samples(duration_s)
    filters = (
        f"aresample={_RATE},aformat=channel_layouts=mono,asetnsamples=n={samples}:p=0,{_MEASURE},"
        f"ametadata=mode=print:key={_LEVEL}:file=-"
    )
    outcome = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-af", filters, "-f", "null", "-"]
    arguments = [*input_arguments(path, threads=1), "-filter_threads", "1", *outcome]
    found: list[int] = []

    def take(line: str) -> None:
        name, _, level = line.partition("=")
        if name == _LEVEL and len(found) < _MOST_FOUND:
            found.append(_share(level))

    with start_errors():
        program = Program([str(find_ffmpeg()), *QUIET, *arguments])
        ending = run(program, deadline_s=deadline_s, on_line=take, look=Watch().look)
    judge(ending, arguments)
    return _thinned(PeakLine(samples / _RATE, found))


def _samples(duration_s: float) -> int:
    """Return for how many samples one peak stands, in a recording of this length."""
    return max(_RATE // MOST_A_SECOND, math.ceil(max(duration_s, 0.0) * _RATE / MOST))


def _thinned(line: PeakLine) -> PeakLine:
    """Return at most `MOST` peaks: a recording may be longer than it says."""
    every = max(1, math.ceil(len(line.peaks) / MOST))
    groups = range(0, len(line.peaks), every)
    return PeakLine(line.interval_s * every, [max(line.peaks[start : start + every]) for start in groups])


def _share(level: str) -> int:
    """Return a level in dB as a share of full scale, 0 to FULL."""
    try:
        decibels = float(level)
    except ValueError:
        return 0
    return min(FULL, round(FULL * 10 ** (min(decibels, 0.0) / 20))) if not math.isnan(decibels) else 0
