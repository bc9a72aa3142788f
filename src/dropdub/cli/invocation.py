"""What all commands share: the options before the command, and what follows from them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dropdub.errors import DropdubError

if TYPE_CHECKING:
    from dropdub.operations.place import Place


@dataclass
class Invocation:
    """The options given before the command, and the command's name."""

    root: Path | None = None
    command: str | None = None

    def path(self) -> Path:
        from dropdub.operations.place import root_path

        return root_path(self.root)

    def named_path(self) -> Path:
        """Return the root. One given by --root need not exist any more: its service may still be installed."""
        from dropdub.operations.place import root_path

        return self.root.absolute() if self.root is not None else root_path(None)

    def root_to_name(self, command: str | None) -> Path | None:
        """Return the root that suggested commands must name: the caller's. None if a shell finds it without.

        A service's commands always name it: they are for another account, or for what starts programs.
        """
        if self.root is not None:
            return self.root.absolute()
        with contextlib.suppress(DropdubError, OSError):
            return self.named_path() if command == "service" else None
        return None

    def place(self) -> Place:
        from dropdub.operations.place import find_place

        return find_place(self.root)

    def logs_dir(self) -> Path | None:
        """Return the root's folder of logs; None if there is no root."""
        try:
            return self.place().root.logs_dir
        except (DropdubError, OSError):
            return None
