"""Sound from ffmpeg, decoded as a stream: in blocks of one size, never the whole."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from dropdub import process
from dropdub.errors import DeadlineExceeded, MediaToolFailed
from dropdub.media.ffmpeg import QUIET, find_ffmpeg
from dropdub.media.sound.length import until
from dropdub.media.tool_run import NO_WINDOW
from dropdub.units import format_duration

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
    with tempfile.TemporaryFile() as complaints:
        child = _start([*inputs, "-map", stream, *_as_floats(channels, length)], complaints)
        watch = _Watch(child.pid, deadline_s)
        try:
            assert child.stdout is not None
            for first in range(0, length, size):
                yield _block(child.stdout, min(size, length - first), channels)
            _read_out(child.stdout)
            watch.judge()
            _judge(child.wait(), complaints)
        finally:
            watch.end()
            _end(child)


class _Watch:
    """Kills a process at its deadline."""

    def __init__(self, pid: int, deadline_s: float) -> None:
        self._pid = pid
        self._deadline_s = deadline_s
        self._over = False
        self._timer = threading.Timer(deadline_s, self._kill)
        self._timer.daemon = True
        self._timer.start()

    def judge(self) -> None:
        """Raise DeadlineExceeded where it was killed."""
        if self._over:
            raise DeadlineExceeded(f"ffmpeg did not finish within {format_duration(self._deadline_s)}.")

    def end(self) -> None:
        self._timer.cancel()

    def _kill(self) -> None:
        self._over = True
        process.kill_tree(self._pid)


def _as_floats(channels: int, length: int) -> list[str]:
    on_time = f"{until(length / RATE_HZ + _BEHIND_S)},{_ON_TIME}"
    return ["-af", on_time, "-ac", str(channels), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]


def _start(arguments: Sequence[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [str(find_ffmpeg()), *QUIET, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=process.child_environment(),
            pass_fds=process.inherited_fds(),
            creationflags=NO_WINDOW,
        )
    except OSError as error:
        raise MediaToolFailed(f"ffmpeg could not be started: {error.strerror or error}.") from error


def _block(pipe: IO[bytes], count: int, channels: int) -> Frames:
    """Read so many samples; what is missing at the end is silence."""
    frames = np.zeros((count, channels), np.float32)
    data = pipe.read(frames.nbytes)
    values = np.frombuffer(data[: len(data) // 4 * 4], "<f4")
    frames.reshape(-1)[: len(values)] = np.nan_to_num(values)
    return frames


def _read_out(pipe: IO[bytes]) -> None:
    while pipe.read(1 << 20):
        pass


def _judge(returncode: int, complaints: IO[bytes]) -> None:
    if returncode != 0:
        complaints.seek(0)
        lines = complaints.read().decode("utf-8", "replace").splitlines()
        raise MediaToolFailed(f"ffmpeg could not read the sound: {lines[-1] if lines else returncode}.")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        process.kill_tree(child.pid)
    if child.stdout is not None:
        child.stdout.close()
    child.wait()
