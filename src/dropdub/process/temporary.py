"""Temporary folders that die with the process they were made for, also where it is killed.

They lie beside the liveness locks, so that the next start finds and removes what a killed process left.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dropdub.files.removal import remove_tree
from dropdub.process.trees import lives

SUFFIX = ".tmp"
_VARIABLES = ("TMPDIR", "TEMP", "TMP")
_OWN = "process-"


def temporary_environment(folder: Path) -> dict[str, str]:
    """Return the variables that send a child's temporary files, and those of its children, to `folder`."""
    return dict.fromkeys(_VARIABLES, str(folder))


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let what libraries and programs of this process write temporarily go to `folder`."""
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
    """Give a process that is no pool's worker a temporary folder, and remove it at the end."""
    folder = run_dir / f"{_OWN}{os.getpid()}{SUFFIX}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with temporary_files_in(folder):
            yield folder
    finally:
        remove_temporary(folder)


def remove_temporary(folder: Path) -> None:
    """Remove a temporary folder; what cannot be removed now, the next start removes."""
    with contextlib.suppress(OSError):
        remove_tree(folder)


def sweep_temporary(run_dir: Path) -> None:
    """Remove what dead processes left; no worker may live any more, and other processes keep theirs."""
    for folder in run_dir.glob(f"*{SUFFIX}"):
        pid = folder.stem.removeprefix(_OWN)
        if not (folder.name.startswith(_OWN) and pid.isdigit() and lives(int(pid))):
            remove_temporary(folder)
