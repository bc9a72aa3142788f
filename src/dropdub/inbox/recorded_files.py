"""What was recorded of a file that is to be taken, and what became of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dropdub.inbox.free_space import Room
from dropdub.inbox.identity import Identity


@dataclass(frozen=True)
class Wanted:
    """The intent that was recorded: which file is to come into a job's source folder, under which name."""

    path: Path
    name: str
    expected: Identity | None = None
    """How a dropped file looked when it had settled; None for a file given by name, of which a copy is taken."""
    sidecar: Path | None = None
    companion: Path | None = None
    """The subtitle that lies beside a film."""
    sidecar_seen: Identity | None = None
    """How the sidecar looked; None where that was not recorded: then it must be of the same owner as the file."""
    companion_seen: Identity | None = None
    within: Path | None = None
    """The folder that is where its path leads, while those below it may be exchanged; None: the file's own folder."""
    is_again: bool = False
    """Whether the file is taken as it is now: for a retry, which a person may have mended it for."""
    room: Room = field(default_factory=Room)
    """What may be copied where a rename does not do."""
    is_ending: bool = False
    """Whether it is on its way to failed/: nothing reads it, so that it may keep its other names."""


@dataclass(frozen=True)
class Taken:
    """Where the original, its sidecar and its subtitle are now."""

    source: Path
    sidecar: Path | None = None
    companion: Path | None = None


@dataclass(frozen=True)
class Absent:
    """The file that was recorded is not to be had any more; what lies in its place, if anything, is a new drop."""

    reason: str


VANISHED = Absent("The file vanished before it was taken.")
CHANGED = Absent("The file was changed before it was taken; it is taken anew once it has settled.")
