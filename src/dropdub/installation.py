"""This installation of Dropdub: the commands that add packages to it, and whether its packages have changed."""

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
_WEB_MODULES = ("fastapi", "httptools", "python_multipart", "uvicorn", "wyoming")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")


def requirements(*extras: str) -> list[str]:
    """Return the requirements of these extras from Dropdub's metadata, in pip's format; empty without metadata.

    Dropdub is on no package index, so `dropdub[quality]` cannot be installed by name, but its requirements can.
    """
    try:
        lines = requires(NAME) or []
    except PackageNotFoundError:
        return []
    return list(dict.fromkeys(_without_extra(line) for line in lines if _extra_of(line) in extras))


def adding(*words: str) -> list[str]:
    """Return the command that installs packages into Dropdub's environment; `words` are the arguments of `install`.

    An environment without pip was created by uv, so uv is used for it.
    """
    python = str(console_python())
    if find_spec("pip") is not None:
        return [python, "-m", "pip", "install", *words]
    return [str(find_program("uv") or "uv"), "pip", "install", "--python", python, *words]


def adding_command(*words: str) -> str:
    """Return the command of `adding` as a string that can be pasted into a shell."""
    return pasteable(adding(*words))


def extra_command(extra: str) -> str:
    """Return the command that installs the packages of one of Dropdub's extras into this environment."""
    return adding_command(*requirements(extra))


def has_web_server() -> bool:
    """Return whether the packages of the web server are installed."""
    return all(find_spec(name) is not None for name in _WEB_MODULES)


def packages_stamp() -> tuple[int, ...]:
    """Return a value that changes when a package is installed or removed."""
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
    """Return a requirement without the condition on its extra; other conditions stay for pip to evaluate."""
    package, _, condition = line.partition(";")
    rest = _EXTRA.sub("", condition).strip()
    return f"{package.strip()}; {rest}" if rest else package.strip()
