"""Whether the daemon runs, and whether it is installed as a service."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from dropdub.doctor.finding import Finding, fine, warning
from dropdub.doctor.subject import Subject
from dropdub.errors import DropdubError, StoreError
from dropdub.service import status
from dropdub.store.views import open_reader

_START = "Start it with: `dropdub watch`"
_ACCOUNT = "Let an account of its own run it: `dropdub service install --boot --account NAME`"


def findings(subject: Subject) -> Iterator[Finding]:
    found = _daemon(subject)
    if found is not None:
        yield found
    yield service_finding(subject.root.path)


def _daemon(subject: Subject) -> Finding | None:
    try:
        daemon = open_reader(subject.url).status(now=time.time(), limit=0).daemon
    except StoreError:
        return None  # what is wrong with the database, another check says
    if daemon is None:
        return warning("Daemon", "it never ran here", _START)
    if daemon.state == "running":
        if _runs_as_root(daemon.pid):
            return warning(
                "Daemon", "it runs as root: what is dropped is read with all rights of this machine", _ACCOUNT
            )
        return fine("Daemon", "it runs", detail=" ".join(daemon.notes))
    if daemon.state == "gone":
        remedy = f"{_START}. Why it ended may stand in: `dropdub logs`"
        return warning("Daemon", "it ended without a word", remedy, detail=f"last sign of life {daemon.heartbeat_at}")
    return warning("Daemon", "it is stopped", _START, detail=f"since {daemon.heartbeat_at}")


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
        return warning(
            "Service", "its state cannot be told", "Ask it with: `dropdub service status`", detail=str(error)
        )
    return judged(installed=found.installed, enabled=found.enabled, running=found.running)


def judged(*, installed: bool, enabled: bool, running: bool) -> Finding:
    """Judge a service by whether it is installed, begins by itself, and runs."""
    if not installed:
        return fine("Service", "not installed: the daemon runs while somebody runs it")
    if not running:
        return warning("Service", "installed, but it does not run", "Start it with: `dropdub service start`")
    if not enabled:
        return warning("Service", "it runs, but will not begin by itself", "Start it with: `dropdub service start`")
    return fine("Service", "installed, and runs")
