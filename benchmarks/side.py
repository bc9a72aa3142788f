"""One side of a comparison: a script's part run in a fresh process, and what that cost."""

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
    """What a process took, user and system, with the processes that it waited for; and what it told."""

    cpu_s: float
    peak_mb: float
    told: dict[str, Any]

    @property
    def work_s(self) -> float:
        """CPU seconds of the work alone, without start and loading, as the process itself counted them."""
        return float(self.told["work_s"])


def run_side(script: str, name: str, *arguments: object) -> Cost:
    """Run `script --side NAME ARGUMENTS` in a fresh process; what it prints is JSON."""
    return run([sys.executable, script, SIDE, name, *map(str, arguments)])


def run(command: list[str]) -> Cost:
    """Run a command to its end, and return what it cost. Raises RuntimeError where it fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    assert process.stdout is not None
    with process.stdout as output:
        printed = output.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    told = json.loads(printed) if printed.startswith(b"{") else {}
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, told)


def be_side(sides: Mapping[str, Callable[..., dict[str, Any]]]) -> bool:
    """Do the part that `run_side` asks for, and tell about it; return False where nothing was asked."""
    if sys.argv[1:2] != [SIDE]:
        return False
    told = sides[sys.argv[2]](*sys.argv[3:])
    sys.stdout.write(json.dumps(told))
    return True


class Working:
    """Counts the CPU seconds of the work within it."""

    def __enter__(self) -> Working:
        self._began = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s = time.process_time() - self._began


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def script(path: str) -> str:
    return str(Path(path).resolve())
