"""One run of a command-line tool: its own deadline, its lines as they come, nothing left behind."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dropdub import process
from dropdub.awake import Countdown
from dropdub.errors import DeadlineExceeded
from dropdub.media.watch import Watch
from dropdub.units import format_duration

COMPLAINTS_KEPT = 50
_LONGEST_LINE = 4096
_POLL_S = 0.1
_DRAIN_S = 2.0
_DEATH_S = 5.0

if sys.platform == "win32":
    NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    NO_WINDOW = 0


@dataclass(frozen=True)
class Ending:
    """How a tool ended: its exit status, and the last lines of its standard error."""

    returncode: int
    complaints: tuple[str, ...]


def run_tool(
    command: Sequence[str],
    *,
    deadline_s: float,
    told: Callable[[str], None],
    folder: Path | None = None,
    watch: Watch | None = None,
) -> Ending:
    """Run `command` in `folder` to its end, handing each line of its standard output to `told` in this thread.

    The tool inherits the worker's liveness lock and stays in its process group. Whatever ends this function early
    (the deadline, what `watch` sees, an error in `told`) kills the tool's whole process tree first.
    Raises DeadlineExceeded, DiskFull, TooLarge, and OSError where the tool cannot be started.
    """
    name = Path(command[0]).stem
    left = Countdown(deadline_s, time.monotonic())
    child = _start(command, folder)
    lines: queue.Queue[str] = queue.Queue()
    complaints: deque[str] = deque(maxlen=COMPLAINTS_KEPT)
    readers = [_reader(child.stdout, lines.put), _reader(child.stderr, complaints.append)]
    try:
        if not _follow(child, lines, left, told, name=name, watch=watch or Watch()):
            raise DeadlineExceeded(f"{name} did not finish within {format_duration(deadline_s)}.")
    finally:
        _end(child)
        _drain(readers)
    _hand_over_rest(lines, told)
    return Ending(child.returncode, tuple(complaints))


def _start(command: Sequence[str], folder: Path | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=process.child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        pass_fds=process.inherited_fds(),
        creationflags=NO_WINDOW,
    )


def _reader(pipe: IO[str] | None, put: Callable[[str], None]) -> threading.Thread:
    assert pipe is not None
    thread = threading.Thread(target=_read, args=(pipe, put), daemon=True)
    thread.start()
    return thread


def _read(pipe: IO[str], put: Callable[[str], None]) -> None:
    with pipe:
        while line := pipe.readline(_LONGEST_LINE):
            put(line.rstrip())


def _follow(
    child: subprocess.Popen[str],
    lines: queue.Queue[str],
    left: Countdown,
    told: Callable[[str], None],
    *,
    name: str,
    watch: Watch,
) -> bool:
    """Hand lines on until the child has ended (true) or its time is over (false)."""
    while child.poll() is None:
        left_s = left.left_s(time.monotonic())
        if left_s <= 0:
            return False
        watch.look(name, child.pid)
        with contextlib.suppress(queue.Empty):
            told(lines.get(timeout=min(left_s, _POLL_S)))
    return True


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        process.kill_tree(child.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=_DEATH_S)


def _drain(readers: Sequence[threading.Thread]) -> None:
    """Wait for the pipes' ends, but not for ever: a stranger that inherited one may keep it open."""
    ends_at = time.monotonic() + _DRAIN_S
    for reader in readers:
        reader.join(timeout=max(ends_at - time.monotonic(), 0))


def _hand_over_rest(lines: queue.Queue[str], told: Callable[[str], None]) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            told(lines.get_nowait())
