"""Stream decoded sound from ffmpeg in blocks of one size, never all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dropdub.errors import MediaToolFailed
from dropdub.media.ffmpeg import QUIET, find_ffmpeg, start_errors
from dropdub.media.sound.length import until
from dropdub.process.run import Ending, Program, Stream

Frames = NDArray[np.float32]
"""Sound of one or more channels, shape (samples, channels), values in [-1, 1]."""

RATE_HZ = 48_000
BLOCK_S = 10.0
_PAST_END_S = 1.0
_ON_TIME = f"aresample={RATE_HZ}:async=1:first_pts=0"
"""As in `extract`: silence before a track that starts late, gaps filled, clock drift compensated."""


def decoded(inputs: Sequence[str], stream: str, *, channels: int, length: int, deadline_s: float) -> Iterator[Frames]:
    """Yield an audio stream at 48 kHz in blocks of `BLOCK_S`, `length` samples in total: cut off, or padded.

    `inputs` are its arguments, as from `input_arguments`; `stream` is its ffmpeg specifier. Padding is silence. ffmpeg
    is killed at the deadline and when the generator is closed. Raises DeadlineExceeded, MediaToolFailed and
    EngineMissing.
    """
    size = round(BLOCK_S * RATE_HZ)
    command = [str(find_ffmpeg()), *QUIET, *inputs, "-map", stream, *_as_floats(channels, length)]
    with _started(command, deadline_s) as sound:
        for first in range(0, length, size):
            yield _block(sound, min(size, length - first), channels)
        _judge(sound.finish())


def _as_floats(channels: int, length: int) -> list[str]:
    on_time = f"{until(length / RATE_HZ + _PAST_END_S)},{_ON_TIME}"
    return ["-af", on_time, "-ac", str(channels), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]


def _started(command: Sequence[str], deadline_s: float) -> Stream:
    with start_errors():
        return Stream(Program(command), deadline_s=deadline_s)


def _block(sound: Stream, count: int, channels: int) -> Frames:
    """Read `count` samples, padded with silence at the end of the sound."""
    frames = np.zeros((count, channels), np.float32)
    data = sound.read(frames.nbytes)
    values = np.frombuffer(data[: len(data) // 4 * 4], "<f4")
    frames.reshape(-1)[: len(values)] = np.nan_to_num(values)
    return frames


def _judge(ending: Ending) -> None:
    if ending.returncode != 0:
        reason = ending.complaints[-1] if ending.complaints else ending.returncode
        raise MediaToolFailed(f"ffmpeg could not read the sound: {reason}.")
