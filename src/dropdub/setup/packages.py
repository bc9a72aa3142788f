"""Install the packages of engines into the environment that Dropdub runs in."""

from __future__ import annotations

import importlib
from typing import IO

from dropdub.engines.resemblyzer import WITHOUT_DEPENDENCIES
from dropdub.errors import DropdubError
from dropdub.installation import adding, requirements
from dropdub.kits import Kit
from dropdub.pasting import pasteable
from dropdub.process.run import in_foreground

SIZES: dict[Kit, str] = {"light": "40 MB", "quality": "2 GB"}
"""Approximate disk space of the packages."""


def commands(kit: Kit) -> list[list[str]]:
    """Return the commands that install the packages of a kit."""
    if kit == "light":
        return [adding(*requirements("light"))]
    return [adding(*requirements("light", "quality", "parakeet", "speakers")), adding(*WITHOUT_DEPENDENCIES)]


def install(kit: Kit, *, output: IO[str]) -> None:
    """Run these commands, writing pip's output to `output`. Raises DropdubError with the command that failed."""
    for command in commands(kit):
        if in_foreground(command, output=output) != 0:
            raise DropdubError(
                f"The packages of the {kit} engines could not be installed. The reason is above.",
                remedy=f"Fix the cause, then try again. The failed command is:\n  {pasteable(command)}",
            )
    importlib.invalidate_caches()
