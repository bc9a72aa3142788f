"""The packages that engines need, and the commands that install them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from dropdub.installation import extra_command
from dropdub.kits import EXTRAS, kit_of


def install_command(engine: str) -> str | None:
    """Return the command that installs what an engine needs; None for an engine of another package."""
    extra = EXTRAS.get(engine)
    return extra_command(extra) if extra else None


def setup_command(engine: str | None = None) -> str:
    """Return the `dropdub setup` command for an engine's packages; for None, the one that asks which to install."""
    extra = EXTRAS.get(engine or "")
    return f"dropdub setup --engines {kit_of(extra)}" if extra else "dropdub setup"


def missing_package(engine: str, module: str) -> str | None:
    """Return a sentence and, on the next lines, its remedy if an engine's module is not installed, else None.

    Imports nothing.
    """
    if find_spec(module) is not None:
        return None
    command = install_command(engine)
    remedy = f"Install it with:\n  {command}" if command else "Install that package."
    return f"The engine '{engine}' needs the Python package {module}, which is not installed.\n{remedy}"


def package_version(distribution: str) -> str:
    """Return an installed package's version; `unknown` if it has no metadata."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
