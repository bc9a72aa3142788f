"""The package as users get it: built, installed by install.sh from scratch, run as a service, uninstalled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.service.conftest import REPOSITORY
from tests.service.fakes import FakeSystem
from tests.waiting import wait_until

if sys.platform != "linux":
    pytest.skip("install.sh is for Linux and macOS, the fakes for Linux", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive, as for a package index."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(copied(tmp_path_factory.mktemp("source")))],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def copied(folder: Path) -> Path:
    """Copy what is needed to build: a build leaves folders behind in its source."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder)
    shutil.copytree(REPOSITORY / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    return folder


def install(*arguments: str | Path, code: int = 0) -> str:
    done = subprocess.run(
        ["sh", str(REPOSITORY / "install.sh"), *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_contains_all_that_a_run_needs(wheel: Path, tmp_path: Path) -> None:
    """Modules and templates, scripts of others with their licences, compiled catalogues …: whatever the package has."""
    names = set(zipfile.ZipFile(wheel).namelist())
    source = copied(tmp_path) / "src"
    ours = {file.relative_to(source).as_posix() for file in source.rglob("*") if file.is_file()}
    assert {"dropdub/translations/pt_BR.mo", "dropdub/web/static/vendor/tus.LICENSE.txt"} <= ours
    assert ours - names == set()
    assert not any(name.startswith("tests") for name in names)


def test_an_installation_processes_drops_and_uninstalls_without_touching_files(
    wheel: Path, tmp_path: Path, system: FakeSystem
) -> None:
    into, root, home = tmp_path / "my programs", tmp_path / "my dubs", tmp_path
    where = ("--into", into, "--root", root)
    said = install(*where, "--from", wheel, "--service", "--no-models")
    assert f"Created the root {root}" in said and "It is running (process" in said

    dropdub = home / ".local" / "bin" / "dropdub"
    (root / "inbox" / "talk.txt").write_text("We went home, because it was late.", "utf-8")
    wait_until((root / "outbox" / "talk" / "manifest.json").exists, "the text to be spoken", timeout_s=240)
    assert (root / "outbox" / "talk" / "talk.en.m4a").is_file(), "by a voice that needs no download"
    status = [dropdub, "--root", root, "status"]
    wait_until(lambda: "succeeded" in subprocess.check_output(status, encoding="utf-8"), "the job to succeed")

    (root / "letter.txt").write_text("not of Dropdub", "utf-8")
    said = install("--uninstall", "--into", into)
    assert not into.exists() and not os.path.lexists(dropdub)
    assert f"Your files stay: {root}" in said and (root / "outbox" / "talk" / "manifest.json").exists()
    assert not list(tmp_path.glob("settings/systemd/user/*.service"))

    said = install("--uninstall", "--delete-root", *where)
    assert [entry.name for entry in root.iterdir()] == ["letter.txt"] and "letter.txt" in said


def test_missing_things_are_not_removed_and_a_foreign_command_is_left(tmp_path: Path, system: FakeSystem) -> None:
    foreign = tmp_path / ".local" / "bin" / "jobs"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("#!/bin/sh\n", "utf-8")
    folder = tmp_path / "precious"
    (folder / "inbox").mkdir(parents=True)
    said = install("--uninstall", "--delete-root", "--root", folder, "--into", tmp_path / "absent")
    assert "There is no environment" in said and (folder / "inbox").is_dir() and foreign.exists()


def test_wrong_use_is_reported(tmp_path: Path) -> None:
    assert "requires --uninstall" in install("--delete-root", code=2)
