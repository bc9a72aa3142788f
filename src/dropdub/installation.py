"""This installation of Dropdub: its interpreter, the commands that add packages to it, and whether any came since."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

from dropdub.pasting import pasteable
from dropdub.process import console_python, find_program

NAME = "dropdub"
_EXTRA = re.compile(r"""(?:\s+and\s+)?extra\s*==\s*["']([\w-]+)["']""")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")


def requirements(*extras: str) -> list[str]:
    """Return what Dropdub's own metadata asks for under these extras, each as pip reads it; none without metadata.

    Dropdub is on no index: `dropdub[quality]` cannot be installed by that name, but what it stands for can.
    """
    try:
        lines = requires(NAME) or []
    except PackageNotFoundError:
        return []
    return list(dict.fromkeys(_without_extra(line) for line in lines if _extra_of(line) in extras))


def adding(*words: str) -> list[str]:
    """Return the command that installs packages beside this Dropdub; `words` are what follows `install`.

    An environment without pip was made by uv, which then installs into it.
    """
    python = str(console_python())
    if find_spec("pip") is not None:
        return [python, "-m", "pip", "install", *words]
    return [str(find_program("uv") or "uv"), "pip", "install", "--python", python, *words]


def adding_command(*words: str) -> str:
    """Return the command of `adding` as a person can paste it."""
    return pasteable(adding(*words))


def packages_stamp() -> tuple[int, ...]:
    """Return what changes when a package is installed or removed."""
    folders = [Path(entry) for entry in sys.path if Path(entry).name in _PACKAGE_FOLDERS]
    return tuple(_changed_ns(folder) for folder in folders)


def _changed_ns(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _extra_of(line: str) -> str | None:
    found = _EXTRA.search(line.partition(";")[2])
    return found[1] if found else None


def _without_extra(line: str) -> str:
    """Return a requirement without the condition that names its extra; other conditions stay for pip to judge."""
    package, _, condition = line.partition(";")
    rest = _EXTRA.sub("", condition).strip()
    return f"{package.strip()}; {rest}" if rest else package.strip()
