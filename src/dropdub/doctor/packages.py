"""List the versions of the installed packages that Dropdub uses."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def versions() -> dict[str, str]:
    """Return the versions of the installed packages that Dropdub or one of its extras requires."""
    names = {found[0] for line in _required() if (found := _NAME.match(line))}
    return {name: installed for name in sorted(names, key=str.lower) if (installed := _version(name))}


def _required() -> list[str]:
    try:
        return requires("dropdub") or []
    except PackageNotFoundError:
        return []


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
