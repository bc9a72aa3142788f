"""When a file counts as whole: unchanged for a while, by the monotonic clock, and open for writing nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dropdub.inbox.scan import Drop
from dropdub.process import is_being_written

Stamp = tuple[object, ...]


@dataclass
class _Watched:
    stamp: Stamp
    since: float
    wait_s: float


class Settling:
    """Remembers since when each file has not changed. As long as a file grows, it waits: for ever, if need be.

    Only changes count: a modification time in the future, or a clock that is set, keeps nothing waiting.
    """

    def __init__(self, settle_s: float, settle_empty_s: float) -> None:
        self._settle_s = settle_s
        self._settle_empty_s = settle_empty_s
        self._watched: dict[Path, _Watched] = {}

    def observe(self, drops: Iterable[Drop], now: float) -> list[Drop]:
        """Take what a scan saw at `now` (monotonic seconds); return the drops that have settled."""
        drops = list(drops)
        self._watched = {drop.path: self._watch(drop, now) for drop in drops}
        return [drop for drop in drops if self._due(drop.path) <= now]

    def next_due(self, now: float) -> float | None:
        """Return when the next file may have settled, or None where none is under watch."""
        coming = [due for path in self._watched if (due := self._due(path)) > now]
        return min(coming, default=None)

    def _watch(self, drop: Drop, now: float) -> _Watched:
        stamp = (drop.size, drop.mtime_ns, drop.inode, drop.sidecar_stamp)
        before = self._watched.get(drop.path)
        if before is not None and before.stamp == stamp:
            return before
        empty = drop.size == 0 and not drop.is_link
        return _Watched(stamp, now, max(self._settle_empty_s, self._settle_s) if empty else self._settle_s)

    def _due(self, path: Path) -> float:
        watched = self._watched[path]
        return watched.since + watched.wait_s


def still_written(path: Path) -> bool:
    """Return whether somebody is known to have the file open for writing."""
    return is_being_written(path) is True
