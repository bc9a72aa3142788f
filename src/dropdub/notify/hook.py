"""One run of a person's own program: no shell, a deadline, its output line by line, nothing of it left behind."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from dropdub import process
from dropdub.awake import Countdown
from dropdub.errors import HookFailed, NotDelivered
from dropdub.files.removal import remove
from dropdub.process import Child
from dropdub.units import format_duration

LONGEST_LINE = 500
MOST_LINES = 200
POLL_S = 0.1
DRAIN_S = 2.0


def run_hook(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    message: bytes,
    lock_path: Path,
    deadline_s: float,
    stopping: threading.Event,
    told: Callable[[str], None],
) -> None:
    """Run a program to its end, with `message` on its standard input; hand the lines that it says to `told`.

    It is ended with all that it started: past the deadline, when `stopping` is set, and what it left behind at its
    own end. A daemon that dies leaves its lock in `lock_path`, by which the next start ends it.
    Raises HookFailed where it cannot be started, fails or takes too long, NotDelivered where it was stopped.
    """
    try:
        child = process.spawn(command, lock_path=lock_path, environment=environment)
    except (OSError, ValueError) as error:
        remove(lock_path)
        raise HookFailed(f"{Path(command[0]).name} cannot be started: {error}.") from error
    identity = process.identity_of(child.process.pid)
    streams = _attended(child, message, _limited(told))
    try:
        _await(child, Countdown(deadline_s, time.monotonic()), stopping, Path(command[0]).name, deadline_s)
    finally:
        if identity is not None:
            process.kill_group(identity)
        with contextlib.suppress(TimeoutError):
            child.process.wait(DRAIN_S)
        _close(child, streams)
        remove(lock_path)


def _await(child: Child, left: Countdown, stopping: threading.Event, name: str, deadline_s: float) -> None:
    while child.process.poll() is None:
        if left.left_s(time.monotonic()) <= 0:
            raise HookFailed(f"{name} did not end within {format_duration(deadline_s)}.")
        if stopping.wait(POLL_S):
            raise NotDelivered(f"{name} was stopped with Dropdub.")
    if child.process.returncode != 0:
        raise HookFailed(f"{name} ended with {child.process.returncode}.")


def _attended(child: Child, message: bytes, told: Callable[[str], None]) -> list[threading.Thread]:
    pipes = child.process
    assert pipes.stdin and pipes.stdout and pipes.stderr
    jobs: list[tuple[Callable[..., None], tuple[object, ...]]] = [
        (_write, (pipes.stdin, message)),
        (_read, (pipes.stdout, told)),
        (_read, (pipes.stderr, told)),
    ]
    threads = [threading.Thread(target=target, args=given, name="hook", daemon=True) for target, given in jobs]
    for thread in threads:
        thread.start()
    return threads


def _write(pipe: IO[bytes], message: bytes) -> None:
    with contextlib.suppress(OSError), pipe:  # it need not read
        pipe.write(message)


def _read(pipe: IO[bytes], told: Callable[[str], None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := pipe.readline(LONGEST_LINE):
            told(line.decode("utf-8", "replace").rstrip())


def _limited(told: Callable[[str], None]) -> Callable[[str], None]:
    """Return what hands on the first lines only; a program that talks without end fills no log."""
    left = [MOST_LINES]

    def hand_on(line: str) -> None:
        left[0] -= 1
        if left[0] >= 0 and line:
            told(line)

    return hand_on


def _close(child: Child, streams: list[threading.Thread]) -> None:
    """Wait for the pipes' ends, but not for ever: a stranger that inherited one may keep it open."""
    ends_at = time.monotonic() + DRAIN_S
    for thread in streams:
        thread.join(max(ends_at - time.monotonic(), 0))
    if not any(thread.is_alive() for thread in streams):
        for pipe in (child.process.stdout, child.process.stderr):
            if pipe is not None:
                pipe.close()
    child.release()
