"""Sound from ffmpeg, decoded as a stream: in blocks of one size, never the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dropdub.errors import MediaToolFailed
from dropdub.media.ffmpeg import QUIET, find_ffmpeg
from dropdub.media.sound.length import until
from dropdub.process.run import Ending, Program, Stream

Frames = NDArray[np.float32]
"""Sound of one or more channels, shape (samples, channels), values in [-1, 1]."""

RATE_HZ = 48_000
BLOCK_S = 10.0
_BEHIND_S = 1.0
_ON_TIME = f"aresample={RATE_HZ}:async=1:first_pts=0"
"""As `extract` reads it: silence before a track that begins late, gaps filled, the clock's drift evened out."""


def decoded(inputs: Sequence[str], stream: str, *, channels: int, length: int, deadline_s: float) -> Iterator[Frames]:
    """Yield a sound track at 48 kHz in blocks of `BLOCK_S`, `length` samples in all: cut, or silence added.

    `inputs` open it, as `input_arguments` gives them; `stream` is its ffmpeg specifier. ffmpeg is killed at the
    deadline, and when the generator is closed. Raises DeadlineExceeded, MediaToolFailed and EngineMissing.
    """
    size = round(BLOCK_S * RATE_HZ)
    command = [str(find_ffmpeg()), *QUIET, *inputs, "-map", stream, *_as_floats(channels, length)]
    with _started(command, deadline_s) as sound:
        for first in range(0, length, size):
            yield _block(sound, min(size, length - first), channels)
        _judge(sound.finish())


def _as_floats(channels: int, length: int) -> list[str]:
    on_time = f"{until(length / RATE_HZ + _BEHIND_S)},{_ON_TIME}"
    return ["-af", on_time, "-ac", str(channels), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]


def _started(command: Sequence[str], deadline_s: float) -> Stream:
    try:
        return Stream(Program(command), deadline_s=deadline_s)
    except OSError as error:
        raise MediaToolFailed(f"ffmpeg could not be started: {error.strerror or error}.") from error


def _block(sound: Stream, count: int, channels: int) -> Frames:
    """Read so many samples; what is missing at the end is silence."""
    frames = np.zeros((count, channels), np.float32)
    data = sound.read(frames.nbytes)
    values = np.frombuffer(data[: len(data) // 4 * 4], "<f4")
    frames.reshape(-1)[: len(values)] = np.nan_to_num(values)
    return frames


def _judge(ending: Ending) -> None:
    if ending.returncode != 0:
        reason = ending.complaints[-1] if ending.complaints else ending.returncode
        raise MediaToolFailed(f"ffmpeg could not read the sound: {reason}.")
