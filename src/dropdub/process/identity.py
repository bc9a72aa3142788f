"""Who a process is: a pid alone is reused, so boot, pid and start time must all match."""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
START_TOLERANCE_S = 0.05


@dataclass(frozen=True)
class Identity:
    """One process of one boot; `started` in seconds: on Linux since the boot, elsewhere since the epoch.

    Seconds since the epoch would be those of a Linux clock that is set while a process runs: it would seem another.
    """

    pid: int
    started: float
    boot_id: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str | bytes) -> Identity | None:
        """Return what `to_json` wrote, or None for anything else."""
        try:
            data = json.loads(text)
            found = Identity(int(data["pid"]), float(data["started"]), str(data["boot_id"]))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        return found if found.pid > 0 and math.isfinite(found.started) else None


@cache
def boot_id() -> str:
    """Return what names this boot of the machine."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"booted-{round(psutil.boot_time() / 60)}"


def identity_of(pid: int | None = None) -> Identity | None:
    """Return the identity of a process (this one by default), or None where there is none."""
    try:
        process = psutil.Process(os.getpid() if pid is None else pid)
        return Identity(process.pid, _started(process), boot_id())
    except (psutil.Error, OSError, ValueError, OverflowError):
        return None


def same_process(identity: Identity) -> bool:
    """Return whether the very process that `identity` names is alive."""
    return not is_another(identity) and is_alive(identity.pid)


def is_alive(pid: int) -> bool:
    """Return whether a process with this number runs; one that only waits to be noticed as dead does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return False


def is_another(identity: Identity) -> bool:
    """Return whether the pid that `identity` names belongs to another process by now, or to an earlier boot."""
    if identity.boot_id != boot_id():
        return True
    now = identity_of(identity.pid)
    return now is not None and abs(now.started - identity.started) >= START_TOLERANCE_S


def _started(process: psutil.Process) -> float:
    """Return when a process started; proc(5) has it in ticks since the boot, after the name in parentheses."""
    if sys.platform != "linux":
        return process.create_time()
    fields = Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
