"""Detect that models or packages were installed, by looking again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

INSTALLED_AFTER_S = 10.0
"""Quiet time required after a package change: packages come one after another, and a partial install is unusable."""


class ChangeDetector:
    """Detects a change once nothing more has changed for `quiet_s`. Times are monotonic seconds."""

    def __init__(self, look: Callable[[], object], *, quiet_s: float = 0.0) -> None:
        self._look = look
        self._quiet_s = quiet_s
        self._seen: object = self  # equals no value, so the first check reports a change
        self._since: float | None = None

    def changed(self, now: float) -> bool:
        """Return whether something has changed since the last time that this returned True."""
        seen, before = self._look(), self._seen
        if seen != before:
            self._seen, self._since = seen, now - self._quiet_s if before is self else now
        if self._since is None or now - self._since < self._quiet_s:
            return False
        self._since = None
        return True


def listing(folder: Path) -> object:
    """Return a value that changes when a model is added to a folder, or replaced."""
    try:
        return sorted((entry.name, entry.stat().st_mtime_ns) for entry in folder.iterdir())
    except OSError:
        return None
