"""The recorded intent to take a file, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dropdub.inbox.file_identity import Identity
from dropdub.inbox.free_space import Room


@dataclass(frozen=True)
class Wanted:
    """The recorded intent: which file to bring into a job's source folder, and under which name."""

    path: Path
    name: str
    expected: Identity | None = None
    """The identity of a dropped file once it had settled; None for a file given by path, which is copied."""
    sidecar: Path | None = None
    companion: Path | None = None
    """The subtitle next to a recording."""
    sidecar_seen: Identity | None = None
    """The sidecar's identity; None if it was not recorded: then the sidecar must have the same owner as the file."""
    companion_seen: Identity | None = None
    within: Path | None = None
    """The trusted folder above the file, below which others may swap folders for links; None: the file's own folder."""
    is_again: bool = False
    """Whether this is a retry: the file is taken as it is now, since a person may have repaired it."""
    room: Room = field(default_factory=Room)
    """Limits for the copy that is made if a rename is impossible."""
    is_ending: bool = False
    """Whether the file is on its way to failed/: nothing reads it, so it may keep its other hard links."""


@dataclass(frozen=True)
class Taken:
    """The current paths of the original, its sidecar and its subtitle."""

    source: Path
    sidecar: Path | None = None
    companion: Path | None = None


@dataclass(frozen=True)
class Absent:
    """The recorded file is gone; whatever is in its place, if anything, is a new drop."""

    reason: str


VANISHED = Absent("The file disappeared before it was picked up.")
CHANGED = Absent("The file changed before it was picked up. It will be picked up once it has settled.")
