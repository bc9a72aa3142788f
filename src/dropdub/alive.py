"""Whether a process still runs, seen from another one; without psutil where that takes longer than the look itself."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

START_TOLERANCE_S = 2.0
"""The start of a process is counted from the machine's start, which moves by a second when the clock is adjusted."""
_PROC = Path("/proc")


@dataclass(frozen=True)
class Sighting:
    """What is known of a process. `is_there`: None if that is not known; `is_here`: it is or was on this machine, and
    not in another container.
    """

    is_there: bool | None
    is_here: bool


def place_of_processes() -> str:
    """Return an id of where process numbers are valid: this boot of the machine and, on Linux, this container."""
    if sys.platform == "linux":
        return f"{_boot()}/{_namespace()}"
    return ""


def look_for(*, pid: int, started: float, host: str, place: str) -> Sighting:
    """Look for a process that recorded its number, its start (seconds since the epoch), its host, and its place."""
    if sys.platform == "linux":
        boot, _, namespace = place.partition("/")
        if boot != _boot():
            is_here = host == socket.gethostname()
            return Sighting(False if is_here else None, is_here)  # the machine has been started since
        if namespace and namespace != _namespace():
            return Sighting(None, is_here=False)
        return Sighting(_linux(pid, started), is_here=True)
    if host != socket.gethostname():
        return Sighting(None, is_here=False)
    return Sighting(_other(pid, started), is_here=True)


def _boot() -> str:
    return _read(_PROC / "sys/kernel/random/boot_id")


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _linux(pid: int, started: float) -> bool | None:
    if sys.platform == "win32":
        return None
    if not _has_number(pid):
        return False
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    if not fields:  # another account's, on a machine that hides them
        return None
    state, ticks = fields[0], int(fields[19])
    if state in "ZX":
        return False
    begun = _machine_started() + ticks / os.sysconf("SC_CLK_TCK")
    return True if abs(begun - started) <= START_TOLERANCE_S else None


def _has_number(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _machine_started() -> float:
    lines = _read(_PROC / "stat").splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)


def _other(pid: int, started: float) -> bool | None:
    import psutil  # noqa: PLC0415 - slow to import

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return True if abs(process.create_time() - started) <= START_TOLERANCE_S else None
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
