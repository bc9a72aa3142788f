"""Check how the inbox is watched, by file system events or by polling, and whether the system's limits suffice."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, warning
from dropdub.inbox.sharing import sidecar_limits_of
from dropdub.inbox.watcher import Watcher
from dropdub.mounts import network_kind

LIMITS = Path("/proc/sys/fs/inotify")
MOST_COUNTED = 100_000
_NARROW_SHARE = 0.5
_MAY_SET = {
    "all": "a .job.yaml may set every option",
    "safe": "a .job.yaml may set only safe options",
    "none": "a .job.yaml is ignored",
}


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    inbox = subject.root.inbox
    if not inbox.is_dir():
        return
    yield _watched(subject)
    sidecar_limits = sidecar_limits_of(subject.root, subject.config.inbox.sidecars)
    is_detected = subject.config.inbox.sidecars == "auto" and sidecar_limits.policy == "all"
    unless = "; only safe options if started with --boot or --shared-inbox" if is_detected else ""
    yield ok("Options for single files", f"{_MAY_SET[sidecar_limits.policy]}: {sidecar_limits.why}{unless}")
    if sys.platform == "linux" and (most := _limit("max_user_watches")) is not None:
        yield limit_finding(most, _folders_below(inbox))


def limit_finding(most: int, folders: int) -> Finding:
    """Judge the system's limit of watches (for all programs of the account) by the number that the inbox needs."""
    text = f"{most} watches allowed, {folders} used by the inbox"
    if folders > most * _NARROW_SHARE:
        return warning("inotify", text, "Raise fs.inotify.max_user_watches with sysctl, or drop fewer folders.")
    return ok("inotify", text)


def _watched(subject: ExaminedRoot) -> Finding:
    """Start watching as the daemon does, then stop again; return what that showed."""
    settings = subject.config.inbox
    kind = network_kind(subject.root.inbox)
    share = "on a network share" if kind else "on a local disk"
    watcher = Watcher(subject.root.inbox, settings, lambda: None)
    try:
        watcher.start()
        notes = watcher.check()
        mode = watcher.mode
    finally:
        watcher.stop()
    if mode == "native":
        return ok("Watching", f"the inbox is {share}; the system reports changes")
    text = f"the inbox is {share}; it is scanned every {settings.polling_interval:g} s"
    if kind or settings.observer == "polling":
        return ok("Watching", text, detail=" ".join(notes))
    return warning("Watching", text, " ".join(notes))


def _limit(name: str) -> int | None:
    try:
        return int((LIMITS / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _folders_below(folder: Path) -> int:
    return sum(1 for _ in islice(os.walk(folder), MOST_COUNTED))
