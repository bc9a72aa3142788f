"""Programs are searched for only in folders with a full path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dropdub.process import find_program
from dropdub.program_search import never_search_current_folder

SUFFIX = ".exe" if sys.platform == "win32" else ""


def a_program(folder: Path, name: str = "ffmpeg") -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / f"{name}{SUFFIX}"
    program.write_bytes(b"#!/bin/sh\necho fell for it\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("path", ["", ".", os.pathsep, "share", f"share{os.pathsep}.", f"{os.pathsep}/nowhere"])
def test_a_program_in_the_current_folder_is_never_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    a_program(tmp_path)
    a_program(tmp_path / "share")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    assert find_program("ffmpeg") is None
    assert find_program("./ffmpeg") is None and find_program("share/ffmpeg") is None


def test_a_program_is_found_on_the_path_and_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = a_program(tmp_path / "bin")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "empty"), str(tmp_path / "bin")]))
    assert find_program("ffmpeg") == program
    assert find_program(str(program)) == program
    assert find_program("ffmpeg", path=str(tmp_path / "empty")) is None


def test_a_file_that_cannot_be_run_is_not_a_program(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").mkdir()
    (tmp_path / "readme").write_text("no program", "utf-8")
    assert find_program("ffmpeg", path=str(tmp_path)) is None
    assert find_program("readme", path=str(tmp_path)) is None


def test_child_processes_do_not_search_the_current_folder_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", str(tmp_path), "share"]))
    monkeypatch.setenv("NoDefaultCurrentDirectoryInExePath", "")
    never_search_current_folder()
    assert os.environ["PATH"] == str(tmp_path)
    assert os.environ["NoDefaultCurrentDirectoryInExePath"] == "1"  # noqa: SIM112 - its name, as Windows writes it


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.parametrize("module", ["typing", "dropdub"])
def test_a_module_in_the_current_folder_is_never_imported(tmp_path: Path, module: str) -> None:
    """`python -m` imports from the current folder first, unless configured otherwise."""
    (tmp_path / f"{module}.py").write_text("raise SystemExit('fell for it')", "utf-8")
    tuning = "from dropdub.cli import doctor; from pathlib import Path; doctor.tune(Path('/absent'))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", tuning],
        cwd=tmp_path, env={**os.environ, "PYTHONSAFEPATH": ""}, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert "/absent" in done.stdout + done.stderr
    assert "fell for it" not in done.stdout + done.stderr
