"""Check for free space before a copy is made, since a copy could fill the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.errors import TooLarge
from dropdub.files.durable import too_little_free
from dropdub.inbox.move_file import CannotMove
from dropdub.units import format_size, too_large


@dataclass(frozen=True)
class Room:
    """Limits for copies, in bytes. `most`: the largest file, None for any size; `spare`: what must stay free."""

    most: int | None = None
    spare: int = 0

    def refuse(self, name: str, size: int, folder: Path) -> None:
        """Raise TooLarge if a file exceeds the limit, CannotMove if the folder has no room for a copy of it."""
        if self.most is not None and size > self.most:
            raise TooLarge(too_large(name, size, self.most))
        free = too_little_free(folder, size + self.spare)
        if free is not None:
            raise CannotMove(
                f"{name} ({format_size(size)}) must be copied to {folder}, where only {format_size(free)} is free.",
                condition="disk",
                remedy="Free some disk space or remove the file; the job then resumes automatically.",
            )
