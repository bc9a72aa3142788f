"""The versions of the packages that Dropdub uses, of those that are installed."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def versions() -> dict[str, str]:
    """Return the versions of what this package asks for, also for its extras; what is not installed is left out."""
    names = {found[0] for line in _required() if (found := _NAME.match(line))}
    return {name: told for name in sorted(names, key=str.lower) if (told := _version(name))}


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
