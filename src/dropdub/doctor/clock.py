"""Check the clock: is it obviously wrong, or has it been set back?"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.errors import StoreError
from dropdub.store.views import open_reader

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""Dropdub is younger than this. An earlier time means a dead clock battery."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
FILE_SLACK_S = 86_400.0
"""File times from a camera or another time zone may be some hours off. More than a day ahead means a wrong clock."""
HEARTBEAT_SLACK_S = 60.0
MOST_FILES = 1_000


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    newest, file = _newest([subject.root.config_file, *_entries(subject.root.inbox), *_entries(subject.root.archive)])
    yield clock_finding(time.time(), newest=newest, heartbeat=_heartbeat(subject.url), file=file)


def clock_finding(now: float, *, newest: float | None, heartbeat: float | None, file: str = "") -> Finding:
    """Judge whether the clock is plausible, given the newest file's time and the last heartbeat (epoch seconds)."""
    text = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M} UTC"
    remedy = "Set the clock, or turn on network time."
    if not EARLIEST < now < LATEST:
        return problem("Clock", f"{text} is not possible", remedy)
    if heartbeat is not None and heartbeat > now + HEARTBEAT_SLACK_S:
        return warning("Clock", f"{text}; the daemon's last heartbeat is in the future", remedy)
    if newest is not None and newest > now + FILE_SLACK_S:
        ahead = f"{text}; a file's time is {(newest - now) / 86_400:.0f} days in the future"
        return warning("Clock", ahead, remedy, detail=file)
    return ok("Clock", text)


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in islice(entries, MOST_FILES)]
    except OSError:
        return []


def _newest(paths: Iterable[Path]) -> tuple[float | None, str]:
    times = []
    for path in paths:
        try:
            times.append((path.lstat().st_mtime, str(path)))
        except OSError:
            continue
    return max(times, default=(None, ""))


def _heartbeat(url: str) -> float | None:
    try:
        daemon = open_reader(url).status(now=0.0, limit=0).daemon
    except StoreError:
        return None
    return datetime.fromisoformat(daemon.heartbeat_at).timestamp() if daemon is not None else None
