"""Run one side of a comparison in a fresh process, and measure its cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIDE = "--side"


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


def run_side(script: str, name: str, *arguments: object) -> Cost:
    """Run `script --side NAME ARGUMENTS` in a fresh process. It prints its result as JSON."""
    return run([sys.executable, script, SIDE, name, *map(str, arguments)])


def run(command: list[str]) -> Cost:
    """Run a command to its end and return its cost. Raises RuntimeError if it fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    assert process.stdout is not None
    with process.stdout as output:
        printed = output.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    result = json.loads(printed) if printed.startswith(b"{") else {}
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, result)


def run_requested_side(sides: Mapping[str, Callable[..., dict[str, Any]]]) -> bool:
    """Run the side that `run_side` requested and print its result. Return False if none was requested."""
    if sys.argv[1:2] != [SIDE]:
        return False
    sys.stdout.write(json.dumps(sides[sys.argv[2]](*sys.argv[3:])))
    return True


class Working:
    """Counts the CPU seconds spent inside its `with` block."""

    def __enter__(self) -> Working:
        self._began = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s = time.process_time() - self._began


def show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def script(path: str) -> str:
    return str(Path(path).resolve())
