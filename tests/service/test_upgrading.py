"""What the installer asks of a service that runs, and in which order; what a command of Windows says."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path, PureWindowsPath
from types import ModuleType

import pytest

from tests.service.conftest import REPOSITORY

LOCAL = PureWindowsPath(r"C:\Users\Ана\AppData\Local")
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="the fake environment's programs are scripts of POSIX")
STOPPED, RUNNING = {"installed": True, "running": False}, {"installed": True, "running": True}


@pytest.fixture(scope="module")
def installer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("installer", REPOSITORY / "installer.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FakeEnvironment:
    """An installed environment whose pip and `jobs` only record their calls; `jobs` prints `answer` about services."""

    def __init__(self, folder: Path) -> None:
        self.into, self.root = folder / "programs", folder / "dubs"
        self._folder = folder
        scripts = self.into / "environment" / "bin"
        scripts.mkdir(parents=True)
        note = f'echo "$@" >> "{folder}/calls"\n'
        self._write(scripts / "python", note)
        said = f'case "$*" in *status*) cat "{folder}/answer";; *stop*) exit $(cat "{folder}/stop");; esac\n'
        self._write(scripts / "jobs", note + said)
        self.answers(STOPPED)
        (folder / "stop").write_text("0", "utf-8")
        self.a_root(self.root)

    def answers(self, said: dict[str, bool] | str) -> None:
        """Make `dropdub service status` print this."""
        (self._folder / "answer").write_text(said if isinstance(said, str) else json.dumps(said), "utf-8")

    def cannot_stop(self) -> None:
        (self._folder / "stop").write_text("1", "utf-8")

    def a_root(self, path: Path) -> Path:
        path.mkdir()
        (path / "config.yaml").write_text("", "utf-8")
        return path

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        command = [sys.executable, REPOSITORY / "installer.py", "--into", self.into, *arguments]
        done = subprocess.run(
            [str(part) for part in command], env={**os.environ, "HOME": str(self._folder)}, check=False,
            capture_output=True, encoding="utf-8",
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def forget_calls(self) -> None:
        (self._folder / "calls").unlink()

    def calls(self) -> list[str]:
        """Return in a word or two what was called, in order: pip (repeated calls count once) or a service command."""
        called = ["pip" if " pip " in f" {line} " else _service_call(line.split()) for line in self.lines()]
        return [call for call, _ in groupby(called)]

    def lines(self) -> list[str]:
        """Return each call as it was."""
        return (self._folder / "calls").read_text("utf-8").splitlines()

    def _write(self, path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}", "utf-8")
        path.chmod(0o755)


def _service_call(words: list[str]) -> str:
    return f"{words[3]} {Path(words[1]).name}"


@pytest.fixture
def environment(tmp_path: Path) -> FakeEnvironment:
    return FakeEnvironment(tmp_path)


@on_posix
def test_a_service_that_runs_is_stopped_before_its_environment_is_renewed_and_started_after(
    environment: FakeEnvironment,
) -> None:
    environment.answers(RUNNING)
    environment.run("--root", environment.root)
    assert environment.calls() == ["status dubs", "stop dubs", "pip", "start dubs"]


@on_posix
def test_a_stopped_service_stays_stopped(environment: FakeEnvironment) -> None:
    environment.run("--root", environment.root)
    assert environment.calls() == ["status dubs", "pip"]


@on_posix
def test_a_requested_service_is_reinstalled_and_not_started_twice(environment: FakeEnvironment) -> None:
    environment.answers(RUNNING)
    environment.run("--root", environment.root, "--service")
    assert environment.calls() == ["status dubs", "stop dubs", "pip", "install dubs"]


@on_posix
def test_nothing_is_upgraded_under_a_service_that_cannot_be_stopped(environment: FakeEnvironment) -> None:
    environment.answers(RUNNING)
    environment.cannot_stop()
    assert "Nothing was changed" in environment.run("--root", environment.root, code=1)
    assert environment.calls() == ["status dubs", "stop dubs"]


@on_posix
def test_a_wheel_is_installed_even_over_one_of_the_same_version(environment: FakeEnvironment) -> None:
    environment.run("--root", environment.root, "--from", "dropdub-0.1.0.whl")
    [_, locked, first, again] = environment.lines()
    assert "--require-hashes" in locked
    assert first.endswith("dropdub-0.1.0.whl[compact,web]") and "--force-reinstall --no-deps dropdub-0.1.0.whl" in again


@on_posix
def test_a_folder_is_built_from_a_copy_so_that_nothing_removed_comes_back(environment: FakeEnvironment) -> None:
    environment.run("--root", environment.root)
    [_, locked, built] = environment.lines()
    assert "--require-hashes" in locked
    assert built.endswith("/dropdub[compact,web]") and str(REPOSITORY) not in built


@on_posix
def test_nothing_is_removed_if_the_existence_of_a_service_is_unknown(environment: FakeEnvironment) -> None:
    environment.answers("error: the database is of a newer version")
    said = environment.run("--uninstall", "--root", environment.root, code=1)
    assert "could not be determined" in said and "service status" in said
    assert environment.calls() == ["status dubs"] and (environment.into / "environment").is_dir()


@on_posix
def test_a_service_is_removed_before_the_environment_that_it_runs_in(environment: FakeEnvironment) -> None:
    environment.run("--uninstall", "--root", environment.root)
    assert environment.calls() == ["status dubs", "uninstall dubs"] and not environment.into.exists()


@on_posix
def test_all_services_that_run_in_the_environment_are_stopped_while_it_is_renewed(environment: FakeEnvironment) -> None:
    other = environment.a_root(environment.root.with_name("other"))
    environment.run("--root", environment.root)
    environment.answers(RUNNING)
    environment.forget_calls()
    environment.run("--root", other)
    stopped = ["status dubs", "stop dubs", "status other", "stop other"]
    assert environment.calls() == [*stopped, "pip", "start dubs", "start other"]


@on_posix
def test_each_root_that_was_installed_for_is_remembered_and_its_service_removed(environment: FakeEnvironment) -> None:
    other = environment.a_root(environment.root.with_name("other"))
    (environment.into / "installed.json").write_text(json.dumps({"root": str(environment.root)}), "utf-8")
    environment.run("--root", other)
    shutil.rmtree(environment.root)
    environment.forget_calls()
    said = environment.run("--uninstall")
    assert environment.calls() == ["status dubs", "uninstall dubs", "status other", "uninstall other"]
    assert f"Your files stay: {other}" in said and str(environment.root) not in said


@on_posix
def test_only_the_named_one_of_several_roots_is_deleted(environment: FakeEnvironment) -> None:
    other = environment.a_root(environment.root.with_name("other"))
    environment.run("--root", environment.root)
    environment.run("--root", other)
    environment.run("--uninstall", "--delete-root", "--root", other)
    assert environment.root.is_dir() and not other.exists()


# -- the commands of Windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("program", "text"), [
    (LOCAL / "Dropdub" / "jobs.exe", r'@"%LOCALAPPDATA%\Dropdub\jobs.exe" %*'),
    (LOCAL / "100% mine" / "jobs.exe", r'@"%LOCALAPPDATA%\100%% mine\jobs.exe" %*'),
    (PureWindowsPath(r"D:\50%\jobs.exe"), r'@"D:\50%%\jobs.exe" %*'),
])  # fmt: skip
def test_a_command_names_its_program_without_the_letters_of_the_account(
    installer: ModuleType, program: PureWindowsPath, text: str
) -> None:
    assert installer.command_text(program, LOCAL) == f"{text}\r\n"
