"""What is on the disk of a root at each place that a life reaches: two crashes with the same leave nothing to compare.

A crash loses everything but the disk. So a place at which the disk is as it was at one before needs none of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dropdub import failpoints

STATES_VARIABLE = "DROPDUB_STATES"
"""Names a file, to which a life writes the state of its root's disk at each place."""
_NOT_READ = ("trace", "states", "daemon.out", "work/logs")
"""What the harness writes, and the logs: no start reads them."""


def note_states(root: Path, file: Path) -> None:
    """Let this process note at each place that it reaches what is on the disk."""
    reached = failpoints._reached

    def noting(name: str, full: str) -> None:
        reached(name, full)
        place = f"{full}#{failpoints._times[full]}"
        with file.open("a", encoding="utf-8") as notes:
            notes.write(f"{place} {state_of(root)}\n")

    failpoints._reached = noting


def state_of(root: Path) -> str:
    """Return a digest of all that a crash would leave: every file and folder with its identity, time and content.

    SQLite's `-shm` is left out: it is memory that processes share, and made again after a crash.
    """
    while True:
        try:
            return _digest(root)
        except FileNotFoundError:  # another thread has just removed it
            continue


def _digest(root: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(_everything(root)):
        seen = path.lstat()
        fixed = (str(path.relative_to(root)), seen.st_mode, seen.st_ino, seen.st_nlink if path.is_file() else 0)
        found.update(repr((*fixed, seen.st_mtime_ns if path.is_file() else 0)).encode())
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()


def _everything(root: Path) -> Iterator[Path]:
    left_out = {str(root / name) for name in _NOT_READ}
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = [name for name in folders if f"{folder}/{name}" not in left_out]  # walk skips the others
        for path in (f"{folder}/{name}" for name in (*folders, *files)):
            if path not in left_out and not path.endswith("-shm"):
                yield Path(path)


def states_at(places: Sequence[str], root: Path) -> list[tuple[str, str]]:
    """Return each place with the state that was noted there in the root that was traced."""
    states = dict(line.split() for line in (root / "states").read_text(encoding="utf-8").splitlines())
    return [(place, states[place]) for place in places]


def with_states_of_their_own(places: Sequence[str], root: Path) -> list[str]:
    """Return the places, in their order, at which the disk was as at none of them before."""
    first = {state: place for place, state in reversed(states_at(places, root))}
    return sorted(first.values(), key=places.index)
