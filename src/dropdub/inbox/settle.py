"""Decide when a dropped file is complete: it has not changed for a while, and nobody has it open for writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dropdub import process
from dropdub.inbox.file_identity import Identity, identity
from dropdub.inbox.scan import Drop

_Identities = tuple[Identity, Identity | None, Identity | None]


@dataclass(frozen=True)
class Unsettled:
    """A file that has not settled. Times are monotonic seconds."""

    drop: Drop
    first_seen: float
    changed: float
    """When a change was last noticed."""
    due: float
    """When it settles, unless it changes again."""


class Settling:
    """Tracks the identity of each file in the inbox, and since when it has been the same.

    Identities are only compared for equality, because file times and clocks may be wrong. Files that exist at the
    start wait like any others. There is no limit for a file that keeps changing. A subtitle without a recording waits
    longer, because its recording may follow; once it has, the two settle together. Files of one group settle together
    as well: each waits for the one that takes longest. A part of a download waits `settle_download_s`.
    """

    def __init__(
        self, settle_s: float, settle_empty_s: float, settle_subtitle_s: float, settle_download_s: float = 3600.0
    ) -> None:
        self._settle_s = settle_s
        self._settle_empty_s = settle_empty_s
        self._settle_subtitle_s = settle_subtitle_s
        self._settle_download_s = settle_download_s
        self._seen: dict[Path, Unsettled] = {}

    def observe(self, drops: Sequence[Drop], now: float) -> list[Drop]:
        """Update with all files now in the inbox (`now`: monotonic); return those that have settled. Forget others."""
        self._seen = _together([self._compared(drop, now) for drop in drops])
        return [seen.drop for seen in self._seen.values() if seen.due <= now]

    def in_downloads(self) -> list[Drop]:
        """Return the files that may be parts of a download, and those that settle together with one."""
        groups = {(seen.drop.path.parent, seen.drop.group) for seen in self._seen.values() if seen.drop.is_part}
        drops = [seen.drop for seen in self._seen.values()]
        return [drop for drop in drops if drop.is_part or (drop.path.parent, drop.group) in groups]

    def next_due(self, now: float) -> float | None:
        """Return when the next file may settle; None if all have."""
        return min((seen.due for seen in self.pending(now)), default=None)

    def pending(self, now: float) -> list[Unsettled]:
        """Return the files that have not settled by `now`."""
        return [seen for seen in self._seen.values() if seen.due > now]

    def _compared(self, drop: Drop, now: float) -> Unsettled:
        before = self._seen.get(drop.path)
        changed = before.changed if before and _identities(before.drop) == _identities(drop) else now
        return Unsettled(drop, before.first_seen if before else now, changed, changed + self._wait_s(drop))

    def _wait_s(self, drop: Drop) -> float:
        if drop.is_part:
            return max(self._settle_s, self._settle_download_s)
        is_empty = not drop.size and drop.kind != "link"
        if is_empty or (drop.companion_identity is not None and not drop.companion_identity.size):
            return self._settle_empty_s
        return max(self._settle_s, self._settle_subtitle_s) if drop.is_subtitle else self._settle_s


def _together(seen: Sequence[Unsettled]) -> dict[Path, Unsettled]:
    """Return the files by their paths; all files of one group in one folder are due with the last of them."""
    due: dict[tuple[Path, str], float] = {}
    for one in seen:
        if one.drop.group is not None:
            group = one.drop.path.parent, one.drop.group
            due[group] = max(due.get(group, one.due), one.due)
    return {
        one.drop.path: replace(one, due=due[one.drop.path.parent, one.drop.group]) if one.drop.group else one
        for one in seen
    }


def _identities(drop: Drop) -> _Identities:
    return drop.identity, drop.sidecar_identity, drop.companion_identity


def still_written(path: Path) -> bool:
    """Return whether a process is known to have the file open for writing: the last check before it is taken."""
    return not path.is_symlink() and process.is_being_written(path) is True


def is_still_written(drop: Drop) -> bool:
    """Return whether a process is known to have a file or its subtitle open for writing."""
    return any(still_written(path) for path in (drop.path, drop.companion) if path is not None)


def is_as_seen(drop: Drop) -> bool:
    """Return whether a file, its sidecar and its subtitle are still as scanned, and nobody is writing them.

    The last check before the file is recorded; with thousands of files, that is long after the scan.
    """
    seen = {drop.path: drop.identity, drop.sidecar: drop.sidecar_identity, drop.companion: drop.companion_identity}
    seen.pop(None, None)
    try:
        if any(identity(path) != expected for path, expected in seen.items() if path is not None):
            return False
    except OSError:
        return False
    return not is_still_written(drop)
