"""Check whether the daemon is running, and whether it is installed as a service."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, warning
from dropdub.errors import DropdubError, StoreError
from dropdub.service import status
from dropdub.store.views import open_reader

_START = "Start it with: `dropdub watch`"
_ACCOUNT = "Run it as an account of its own: `dropdub service install --boot --account NAME`"


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    found = _daemon(subject)
    if found is not None:
        yield found
    yield service_finding(subject.root.path)


def _daemon(subject: ExaminedRoot) -> Finding | None:
    try:
        daemon = open_reader(subject.url).status(now=time.time(), limit=0).daemon
    except StoreError:
        return None  # another check reports a bad database
    if daemon is None:
        return warning("Daemon", "has never run here", _START)
    if daemon.state == "running":
        if _runs_as_root(daemon.pid):
            return warning(
                "Daemon", "running as root: dropped files are processed with full access to this machine", _ACCOUNT
            )
        return ok("Daemon", "running", detail=" ".join(daemon.notes))
    if daemon.state == "silent":
        text = "has not reported for a while, and its process cannot be looked at from here"
        remedy = "Look at it with `dropdub status` on that machine, or in that container."
        return warning("Daemon", text, remedy, detail=f"on {daemon.host}, last heartbeat {daemon.heartbeat_at}")
    if daemon.state == "gone":
        remedy = f"{_START}. The reason may be in: `dropdub logs`"
        return warning("Daemon", "ended unexpectedly", remedy, detail=f"last heartbeat {daemon.heartbeat_at}")
    return warning("Daemon", "stopped", _START, detail=f"since {daemon.heartbeat_at}")


def _runs_as_root(pid: int) -> bool:
    if sys.platform == "win32":
        return False
    with suppress(psutil.Error):
        return psutil.Process(pid).uids().effective == 0
    return False


def service_finding(root: Path) -> Finding:
    """Judge the root's service."""
    try:
        found = status(root)
    except (DropdubError, OSError) as error:
        remedy = "See the error with: `dropdub service status`"
        return warning("Service", "state unknown", remedy, detail=str(error))
    return judge_service(installed=found.installed, enabled=found.enabled, running=found.running)


def judge_service(*, installed: bool, enabled: bool, running: bool) -> Finding:
    """Judge a service by whether it is installed, starts automatically, and is running."""
    if not installed:
        return ok("Service", "not installed: the daemon runs only while you run it yourself")
    if not running:
        return warning("Service", "installed, but not running", "Start it with: `dropdub service start`")
    if not enabled:
        text = "running, but will not start automatically"
        return warning("Service", text, "Turn that on with: `dropdub service start`")
    return ok("Service", "installed and running")
