"""Loudness of a recording according to EBU R 128, and the gain that matches one loudness to another."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from dropdub.errors import MediaToolFailed
from dropdub.media.ffmpeg import run_ffmpeg

SPEECH_LUFS = -16.0
"""The usual loudness of speech recordings, as podcast platforms require it."""
SILENCE_LUFS = -70.0
"""The gate of the standard: a recording that is not louder than this has no loudness."""
QUIETEST_LUFS, LOUDEST_LUFS = -40.0, -9.0
_MOST_GAIN_DB = 40.0
_PAST_END_S = 60.0
"""How far to read past the given length: without a limit, a clock that jumps could make it run for hours."""
_METER = "ebur128=framelog=verbose"
"""Keeps a line per tenth of a second out of the log at level info, which would push out the summary."""
_IN_TWO_CHANNELS = "aformat=sample_fmts=fltp:channel_layouts=stereo"
_INTEGRATED = re.compile(r"^\s*I:\s+(-?[\d.]+|-inf|nan) LUFS")


def measure_loudness(
    inputs: Sequence[str],
    stream: str,
    *,
    deadline_s: float,
    duration_s: float,
    surround: bool = False,
    progress: Callable[[float], None] | None = None,
) -> float:
    """Return the integrated loudness of an audio stream in LUFS, `SILENCE_LUFS` if it is silent.

    `surround` sound is measured after a downmix to two channels, the most that a dub has.

    Raises the errors of `run_ffmpeg`.
    """
    until = ["-t", f"{duration_s + _PAST_END_S:.3f}"]
    meter = f"{_IN_TWO_CHANNELS},{_METER}" if surround else _METER
    lines = run_ffmpeg(
        [*inputs, "-map", stream, *until, "-af", meter, "-loglevel", "info", "-nostats", "-f", "null", "-"],
        deadline_s=deadline_s,
        duration_s=duration_s,
        progress=progress,
    )
    found = [match[1] for line in lines if (match := _INTEGRATED.match(line))]
    if not found:
        raise MediaToolFailed("ffmpeg reported no loudness.")
    value = float(found[-1])
    return max(value, SILENCE_LUFS) if math.isfinite(value) else SILENCE_LUFS


def loudness_like(original_lufs: float) -> float:
    """Return the target loudness of a dub: that of the original, limited to what is comfortable to listen to."""
    if original_lufs <= SILENCE_LUFS:
        return SPEECH_LUFS
    return min(max(original_lufs, QUIETEST_LUFS), LOUDEST_LUFS)


def gain_db(now_lufs: float, wanted_lufs: float) -> float:
    """Return the gain in dB from one loudness to another; 0 for silence."""
    if now_lufs <= SILENCE_LUFS:
        return 0.0
    return min(max(wanted_lufs - now_lufs, -_MOST_GAIN_DB), _MOST_GAIN_DB)


def factor(gain: float) -> float:
    """Return a gain in decibels as a factor."""
    return float(10 ** (gain / 20))


def decibels(level: float) -> float:
    """Return a level (1 is full scale) in decibels."""
    return 20 * math.log10(max(level, 1e-9))
