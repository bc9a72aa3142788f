"""Change the speed of speech, not its pitch: with Rubber Band if this ffmpeg has it, else with ffmpeg's WSOLA."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.ffmpeg import UNTAGGED, has_filter, input_arguments, run_ffmpeg
from dropdub.media.sound.spans import Span


def stretcher() -> str:
    """Return the name of ffmpeg's time-stretching filter. Raises EngineMissing and MediaToolFailed."""
    return "rubberband" if has_filter("rubberband") else "atempo"


AT_ONCE = 24
"""Sounds stretched by one run of ffmpeg: starting it takes longer than stretching a line. The names of more files might
not fit into a command line of Windows (32,767 characters).
"""


@dataclass(frozen=True)
class Stretch:
    """The `span` of a sound file, to be written to `target` as WAV, `speed` times as fast."""

    source: Path
    target: Path
    span: Span
    speed: float


def stretch(wanted: Sequence[Stretch], *, deadline_s: float, progress: Callable[[float], None] | None = None) -> None:
    """Write each stretched sound; `progress` gets the completed share.

    The length is exact to a sample with Rubber Band, to 20 ms with WSOLA. Raises the errors of `run_ffmpeg`.
    """
    for first in range(0, len(wanted), AT_ONCE):
        batch = wanted[first : first + AT_ONCE]
        inputs = [argument for one in batch for argument in input_arguments(one.source)]
        outputs = [argument for number, one in enumerate(batch) for argument in _output(number, one)]
        run_ffmpeg([*inputs, *outputs], deadline_s=deadline_s, threads=1)
        if progress is not None:
            progress((first + len(batch)) / len(wanted))


def _output(number: int, one: Stretch) -> list[str]:
    options = f"rubberband=tempo={one.speed:.6f}:pitchq=quality" if stretcher() == "rubberband" else _wsola(one.speed)
    cut = f"atrim={one.span.start:.6f}:{one.span.end:.6f},asetpts=N/SR/TB"
    written = ["-c:a", "pcm_s16le", *UNTAGGED, "-f", "wav", str(one.target)]
    return ["-map", f"{number}:a:0", "-af", f"{cut},{options}", *written]


def _wsola(speed: float) -> str:
    """Return filters that each change the speed by a factor of at most two, which is as far as WSOLA sounds good."""
    number = max(1, math.ceil(abs(math.log2(speed))))
    return ",".join([f"atempo={speed ** (1 / number):.6f}"] * number)
