"""Packages that add engines and models, in folders that a process finds by `PYTHONPATH`, without any environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "plugins" / "example"


def built(source: Path, folder: Path) -> Path:
    """Build a package and install it into a folder of its own, without asking any index; return that folder."""
    copy, target = folder / "source", folder / "installed"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(copy)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


def written(folder: Path, name: str, version: str, module: str, **groups: Mapping[str, str]) -> Path:
    """Write a package of one module with its metadata; `groups` are entry points, `_` stands for a dot; return it."""
    known_as = name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{known_as}.py").write_text(module, encoding="utf-8")
    info = folder / f"{known_as}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (info / "top_level.txt").write_text(f"{known_as}\n", encoding="utf-8")
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group.replace('_', '.')}]", *(f"{key} = {known_as}:{value}" for key, value in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder
