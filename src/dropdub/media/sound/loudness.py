"""How loud a recording is, after EBU R 128, and the gain that brings one recording to the loudness of another."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from dropdub.errors import MediaToolFailed
from dropdub.media.ffmpeg import run_ffmpeg

SPEECH_LUFS = -16.0
"""The usual loudness of spoken recordings: what podcast platforms ask for."""
SILENCE_LUFS = -70.0
"""What the standard's gate leaves out: a recording that is not louder has no loudness."""
QUIETEST_LUFS, LOUDEST_LUFS = -40.0, -9.0
_MOST_GAIN_DB = 40.0
_BEHIND_S = 60.0
"""Read at most so far behind the length that is given: it is a recording's, whose clock may jump."""
_METER = "ebur128=framelog=verbose"
"""A line for each tenth of a second would push the summary's out."""
_IN_TWO_CHANNELS = "aformat=sample_fmts=fltp:channel_layouts=stereo"
_INTEGRATED = re.compile(r"^\s*I:\s+(-?[\d.]+|-inf|nan) LUFS")


def measured(
    inputs: Sequence[str],
    stream: str,
    *,
    deadline_s: float,
    duration_s: float,
    surround: bool = False,
    progress: Callable[[float], None] | None = None,
) -> float:
    """Return the integrated loudness of a sound track in LUFS, `SILENCE_LUFS` where nothing is heard.

    Of `surround` sound it is that of its mix in two channels, which a dub has at most.

    Raises what `run_ffmpeg` raises.
    """
    until = ["-t", f"{duration_s + _BEHIND_S:.3f}"]
    meter = f"{_IN_TWO_CHANNELS},{_METER}" if surround else _METER
    told = run_ffmpeg(
        [*inputs, "-map", stream, *until, "-af", meter, "-loglevel", "info", "-nostats", "-f", "null", "-"],
        deadline_s=deadline_s,
        duration_s=duration_s,
        progress=progress,
    )
    found = [match[1] for line in told if (match := _INTEGRATED.match(line))]
    if not found:
        raise MediaToolFailed("ffmpeg measured no loudness.")
    value = float(found[-1])
    return max(value, SILENCE_LUFS) if math.isfinite(value) else SILENCE_LUFS


def loudness_like(original_lufs: float) -> float:
    """Return the loudness that a dub is to have: its original's, within what can be listened to."""
    if original_lufs <= SILENCE_LUFS:
        return SPEECH_LUFS
    return min(max(original_lufs, QUIETEST_LUFS), LOUDEST_LUFS)


def gain_db(now_lufs: float, wanted_lufs: float) -> float:
    """Return the gain from one loudness to another; none for silence."""
    if now_lufs <= SILENCE_LUFS:
        return 0.0
    return min(max(wanted_lufs - now_lufs, -_MOST_GAIN_DB), _MOST_GAIN_DB)


def factor(gain: float) -> float:
    """Return a gain in decibels as a factor."""
    return float(10 ** (gain / 20))


def decibels(level: float) -> float:
    """Return a level, 1 for full scale, in decibels."""
    return 20 * math.log10(max(level, 1e-9))
