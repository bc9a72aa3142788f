"""Temporary folders that are removed with the process they belong to, even if it is killed.

They are next to the liveness locks, so that the next start finds and removes those of killed processes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dropdub.files.removal import remove_tree
from dropdub.process.trees import is_alive

SUFFIX = ".tmp"
_VARIABLES = ("TMPDIR", "TEMP", "TMP")
_OWN = "process-"


def temporary_environment(folder: Path) -> dict[str, str]:
    """Return the variables that put the temporary files of a child and its children in `folder`."""
    return dict.fromkeys(_VARIABLES, str(folder))


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Put the temporary files of this process's libraries and programs in `folder` during the block."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(temporary_environment(folder))
    tempfile.tempdir = None
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        tempfile.tempdir = None


@contextlib.contextmanager
def own_temporary_folder(run_dir: Path) -> Iterator[Path]:
    """Yield a temporary folder for a process that is not a pool worker, and remove it at the end."""
    folder = run_dir / f"{_OWN}{os.getpid()}{SUFFIX}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with temporary_files_in(folder):
            yield folder
    finally:
        remove_temporary(folder)


def remove_temporary(folder: Path) -> None:
    """Remove a temporary folder; if that fails, the next start removes it."""
    with contextlib.suppress(OSError):
        remove_tree(folder)


def sweep_temporary(run_dir: Path) -> None:
    """Remove the temporary folders of workers and of dead processes. Call it only when no worker is alive."""
    for folder in run_dir.glob(f"*{SUFFIX}"):
        pid = folder.stem.removeprefix(_OWN)
        if not (folder.name.startswith(_OWN) and pid.isdigit() and is_alive(int(pid))):
            remove_temporary(folder)
