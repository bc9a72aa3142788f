"""When a dropped file counts as whole: nothing about it has changed for a while, and nobody has it open to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub import process
from dropdub.inbox.companions import is_subtitle
from dropdub.inbox.identity import Identity, identity
from dropdub.inbox.scan import Drop

_Look = tuple[Identity, Identity | None, Identity | None]


@dataclass(frozen=True)
class Unsettled:
    """A file that is waited for. Times are monotonic seconds."""

    drop: Drop
    first_seen: float
    changed: float
    """When it was last seen to have changed."""
    due: float
    """When it has settled, if it does not change any more."""


class Settling:
    """Remembers how each file of the inbox looked, and since when. Compares only: file times and clocks may be wrong.

    What lay there at the start waits like any other file. A file that goes on changing is waited for without end.
    A subtitle that lies alone gets longer: its film may come after it. From then on, the two wait as one.
    """

    def __init__(self, settle_s: float, settle_empty_s: float, settle_subtitle_s: float) -> None:
        self._settle_s = settle_s
        self._settle_empty_s = settle_empty_s
        self._settle_subtitle_s = settle_subtitle_s
        self._seen: dict[Path, Unsettled] = {}

    def observe(self, drops: Sequence[Drop], now: float) -> list[Drop]:
        """Take note of all that lies in the inbox now (monotonic); return what has settled. The rest is forgotten."""
        self._seen = {drop.path: self._compared(drop, now) for drop in drops}
        return [seen.drop for seen in self._seen.values() if seen.due <= now]

    def next_due(self, now: float) -> float | None:
        """Return when the next file may settle; None when no file is waited for."""
        return min((seen.due for seen in self.pending(now)), default=None)

    def pending(self, now: float) -> list[Unsettled]:
        """Return what has not settled at `now`."""
        return [seen for seen in self._seen.values() if seen.due > now]

    def _compared(self, drop: Drop, now: float) -> Unsettled:
        before = self._seen.get(drop.path)
        changed = before.changed if before and _look(before.drop) == _look(drop) else now
        return Unsettled(drop, before.first_seen if before else now, changed, changed + self._wait_s(drop))

    def _wait_s(self, drop: Drop) -> float:
        is_empty = not drop.size and drop.kind != "link"
        if is_empty or (drop.companion_identity is not None and not drop.companion_identity.size):
            return self._settle_empty_s
        return max(self._settle_s, self._settle_subtitle_s) if is_subtitle(drop.path.name) else self._settle_s


def _look(drop: Drop) -> _Look:
    return drop.identity, drop.sidecar_identity, drop.companion_identity


def still_written(path: Path) -> bool:
    """Return whether a process is known to have the file open for writing: the last look before it is taken."""
    return not path.is_symlink() and process.is_being_written(path) is True


def is_still_written(drop: Drop) -> bool:
    """Return whether a process is known to have a file, or its subtitle, open for writing."""
    return any(still_written(path) for path in (drop.path, drop.companion) if path is not None)


def is_as_seen(drop: Drop) -> bool:
    """Return whether a file, and what goes with it, is still as the scan saw it, and nobody writes it.

    The last look before it is recorded, which is long after the scan where there are thousands.
    """
    seen = {drop.path: drop.identity, drop.sidecar: drop.sidecar_identity, drop.companion: drop.companion_identity}
    seen.pop(None, None)
    try:
        if any(identity(path) != expected for path, expected in seen.items() if path is not None):
            return False
    except OSError:
        return False
    return not is_still_written(drop)
