"""Install the packages of engines into the environment that Dropdub runs in."""

from __future__ import annotations

import importlib
from typing import IO

from dropdub.engines.speakers.resemblyzer import WITHOUT_DEPENDENCIES
from dropdub.errors import DropdubError
from dropdub.installation import adding, requirements
from dropdub.kits import EXTRAS_OF_KITS, Kit
from dropdub.pasting import pasteable
from dropdub.process.run import in_foreground

SIZES: dict[Kit, str] = {"compact": "300 MB", "quality": "2 GB"}
"""Approximate disk space of the packages."""


def commands(kit: Kit) -> list[list[str]]:
    """Return the commands that install the packages of a kit."""
    extras = EXTRAS_OF_KITS[kit]
    return [adding(*requirements(*extras)), *([adding(*WITHOUT_DEPENDENCIES)] if "speakers" in extras else [])]


def install(kit: Kit, *, output: IO[str]) -> None:
    """Run these commands, writing pip's output to `output`. Raises DropdubError with the command that failed."""
    for command in commands(kit):
        if in_foreground(command, output=output) != 0:
            raise DropdubError(
                f"The packages of the {kit} engines could not be installed. The reason is above.",
                remedy=f"Fix the cause, then try again. The failed command is:\n  {pasteable(command)}",
            )
    importlib.invalidate_caches()
