"""The attacker: another account of this machine if the tests run as root; otherwise the tests' own account."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
"""The user id that Linux has for accounts without any right."""
IS_ANOTHER = sys.platform != "win32" and os.geteuid() == 0
"""Whether the attacker has a separate account."""
OWN_UID = NOBODY if IS_ANOTHER else (os.geteuid() if sys.platform != "win32" else 0)


_PREAMBLE = f"""\
import ctypes, errno, json, math, os, pathlib, random, select, shutil, stat, struct, sys, tempfile, threading, time
if {IS_ANOTHER}:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
os.chdir("/")
"""
"""Imported before the account is changed: Python itself may be where the attacker cannot read."""


def attack(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start Python code as the attacker, with `arguments` as its `sys.argv[1:]`; the caller ends it.

    It may use the modules of the preamble only.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _PREAMBLE + code, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def attacked(code: str, *arguments: str | Path, timeout_s: float = 60.0) -> str:
    """Run Python code as the attacker to its end; return what it printed. Raises if it failed."""
    with attack(code, *arguments) as process:
        try:
            said, complaints = process.communicate(timeout=timeout_s)
        finally:
            process.kill()
    if process.returncode != 0:
        raise RuntimeError(f"The attacker's program failed:\n{complaints}")
    return said


@contextmanager
def open_place() -> Iterator[Path]:
    """Make a folder that the attacker can reach, unlike pytest's own folders; remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="dropdub-attacked-")).resolve()
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give_away(path: Path) -> None:
    """Give a file or folder to the attacker, if it has an account."""
    if IS_ANOTHER:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
