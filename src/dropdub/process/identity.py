"""The identity of a process: pids are reused, so boot, pid and start time must all match."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
START_TOLERANCE_S = 0.05


@dataclass(frozen=True)
class Identity:
    """A process of a boot; `started` is in seconds since the epoch, as psutil reports it."""

    pid: int
    started: float
    boot_id: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Identity | None:
        """Return the identity that `to_json` wrote; None for any other text."""
        try:
            data = json.loads(text)
            return Identity(int(data["pid"]), float(data["started"]), str(data["boot_id"]))
        except (ValueError, KeyError, TypeError):
            return None


@cache
def boot_id() -> str:
    """Return an id of this boot of the machine."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"booted-{round(psutil.boot_time() / 60)}"


def identity_of(pid: int | None = None) -> Identity | None:
    """Return the identity of a process (by default, this one); None if it does not exist."""
    try:
        process = psutil.Process(os.getpid() if pid is None else pid)
        return Identity(process.pid, process.create_time(), boot_id())
    except psutil.Error:
        return None


def same_process(identity: Identity) -> bool:
    """Return whether the process with this identity still exists."""
    return identity_of(identity.pid) is not None and not is_another(identity)


def is_another(identity: Identity) -> bool:
    """Return whether the pid of `identity` now belongs to another process, or is from an earlier boot."""
    if identity.boot_id != boot_id():
        return True
    now = identity_of(identity.pid)
    return now is not None and abs(now.started - identity.started) >= START_TOLERANCE_S
