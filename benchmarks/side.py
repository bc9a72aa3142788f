"""Run one side of a comparison in a fresh process, and measure its cost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIDE = "--side"
INTERRUPTED = 130
Watch = Callable[[int], AbstractContextManager[None]]
"""Observes the process of this id during a `with` block."""


@dataclass(frozen=True)
class Cost:
    """The CPU time (user and system) and peak memory of a process and its children, and its result."""

    cpu_s: float
    peak_mb: float
    result: dict[str, Any]

    @property
    def work_s(self) -> float:
        """CPU seconds of the work alone, without start and loading, as counted by the process itself."""
        return float(self.result["work_s"])


def run_side(script: str, name: str, *arguments: object, watch: Watch | None = None) -> Cost:
    """Run `script --side NAME ARGUMENTS` in a fresh process. It prints its result as JSON."""
    return run([sys.executable, script, SIDE, name, *map(str, arguments)], watch=watch)


def run(command: list[str], *, watch: Watch | None = None, accept: Sequence[int] = (0,)) -> Cost:
    """Run a command to its end and return its cost.

    Raises RuntimeError if its exit code is not in `accept`. If interrupted, it ends the process first.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    assert process.stdout is not None
    try:
        with process.stdout as output, watch(process.pid) if watch else nullcontext():
            printed = output.read()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accept:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    result = json.loads(printed) if printed.startswith(b"{") else {}
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, result)


def run_requested_side(sides: Mapping[str, Callable[..., dict[str, Any]]]) -> bool:
    """Run the side that `run_side` requested and print its result. Return False if none was requested."""
    if sys.argv[1:2] != [SIDE]:
        return False
    try:
        sys.stdout.write(json.dumps(sides[sys.argv[2]](*sys.argv[3:])))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)  # without a traceback: who asked for this side was interrupted, too
    return True


class Working:
    """Counts the CPU seconds spent inside its `with` block, by this process and those children that ended in it."""

    def __enter__(self) -> Working:
        self._began = self._used()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s = self._used() - self._began

    def _used(self) -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime


def show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def script(path: str) -> str:
    return str(Path(path).resolve())
