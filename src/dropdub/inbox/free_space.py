"""Whether there is room for a copy: looked at before any is made, since one may fill the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.errors import TooLarge
from dropdub.files.durable import too_little_free
from dropdub.inbox.move_file import CannotMove
from dropdub.units import format_size, too_large


@dataclass(frozen=True)
class Room:
    """How much may be copied; `most`: of one file, None where any size is taken; `spare`: what is to stay free."""

    most: int | None = None
    spare: int = 0

    def refuse(self, name: str, size: int, folder: Path) -> None:
        """Raise TooLarge, or CannotMove until there is room for a copy in a folder."""
        if self.most is not None and size > self.most:
            raise TooLarge(too_large(name, size, self.most))
        free = too_little_free(folder, size + self.spare)
        if free is not None:
            raise CannotMove(
                f"{name} has {format_size(size)} and must be copied to {folder}; {format_size(free)} are free there.",
                condition="disk",
                remedy="Free some disk space, or remove the file; it goes on by itself then.",
            )
