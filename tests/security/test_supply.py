"""Only files that existed when the versions were locked are installed, whatever an index serves."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import installer
import pytest
import tasks
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import checks

REPOSITORY = Path(installer.__file__).parent
LOCKS = REPOSITORY / "locks"
PLATFORMS = [
    {"sys_platform": system, "platform_system": name, "os_name": kind, "python_version": python,
     "python_full_version": f"{python}.4"}
    for system, name, kind in (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
    for python in ("3.11", "3.12", "3.13")
]  # fmt: skip


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    text = (LOCKS / f"{lock}.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [
        (Requirement(line.split("--hash")[0].strip()), re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        for line in lines
    ]


@pytest.mark.parametrize("lock", ["compact", "quality"])
def test_each_package_is_one_version_with_hashes_and_no_host_is_named(lock: str) -> None:
    for requirement, hashes in entries(lock):
        assert hashes and [one.operator for one in requirement.specifier] == ["=="] and not requirement.url
    assert "://" not in (LOCKS / f"{lock}.txt").read_text("utf-8")


@pytest.mark.parametrize("lock", ["compact", "quality"])
@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: f"{one['sys_platform']}-{one['python_version']}")
def test_dropdubs_requirements_are_locked_in_matching_versions(lock: str, platform: dict[str, str]) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["compact"]]
    needed += [*extras["quality"], *extras["speakers"], "resemblyzer"] if lock == "quality" else []
    locked = {
        canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
        for requirement, _ in entries(lock)
        if requirement.marker is None or requirement.marker.evaluate(platform)
    }
    for wanted in map(Requirement, [*needed, "setuptools>=77"]):
        if wanted.marker is None or wanted.marker.evaluate(platform):
            assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), wanted


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> installer.Installation:
    made = installer.Installation(tmp_path_factory.mktemp("installed"))
    venv.create(made.environment, with_pip=True)
    return made


def a_wheel(folder: Path, name: str, version: str, code: str, needs: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as written:
        written.writestr(f"{name}.py", code)
        written.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        written.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        written.writestr(f"{info}/RECORD", "")
    return wheel


def an_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pip take packages from a folder, as from an index that may serve anything."""
    for name, value in {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(name, value)


def test_a_package_that_an_index_replaced_is_refused(
    environment: installer.Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    wheel = a_wheel(tmp_path / "index", "evilpkg", "1.0", "right = True\n")
    lock = tmp_path / "lock.txt"
    lock.write_text(f"evilpkg==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n", "utf-8")
    an_index(tmp_path / "index", monkeypatch)
    a_wheel(tmp_path / "index", "evilpkg", "1.0", "raise SystemExit('fell for it')\n")
    with pytest.raises(SystemExit, match="could not be installed"):
        installer.install_locked(environment, lock)
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err
    assert not list(environment.environment.rglob("evilpkg.py"))
    a_wheel(tmp_path / "index", "evilpkg", "1.0", "right = True\n")
    lock.write_text(f"evilpkg==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n", "utf-8")
    installer.install_locked(environment, lock)
    assert list(environment.environment.rglob("evilpkg.py"))


def test_unlocked_packages_are_not_fetched_for_dropdub_itself(
    environment: installer.Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_wheel(tmp_path / "index", "unlocked", "1.0", "raise SystemExit('fell for it')\n")
    an_index(tmp_path / "index", monkeypatch)
    wheel = a_wheel(tmp_path / "own", "dropdub", "9.0", "", "Requires-Dist: unlocked\n")
    with pytest.raises(SystemExit):
        installer.install_itself(environment, str(wheel), "compact")
    assert not list(environment.environment.rglob("unlocked.py"))


def test_without_its_lock_file_nothing_is_installed(environment: installer.Installation, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is missing"):
        installer.install_locked(environment, tmp_path / "absent.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="install.sh")
def test_nothing_beside_the_installer_is_imported(tmp_path: Path) -> None:
    for name in ("install.sh", "installer.py"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    (tmp_path / "argparse.py").write_text("raise SystemExit('fell for it')\n", "utf-8")
    done = subprocess.run(["sh", tmp_path / "install.sh", "--help"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0 and "--uninstall" in done.stdout, done.stderr


def test_an_unsafe_version_fails_the_checks_and_missing_data_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    unsafe = {"name": "evilpkg", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
    reason = checks.judge([unsafe])
    assert reason is not None and "unsafe" in reason
    assert checks.judge([{"name": "other", "skip_reason": "not found"}]) is None
    assert "Skipped" in capsys.readouterr().out
    checks.judge([{"name": "other", "version": "1.0", "vulns": []}])
    assert "None is known for 1 packages" in capsys.readouterr().out
    checks.judge([{"name": "one", "version": "1.0", "vulns": []}, {"name": "other", "skip_reason": "not found"}])
    said = capsys.readouterr().out
    assert "None is known for 1 packages" in said and "no data: other" in said


@pytest.mark.skipif(importlib.util.find_spec("cyclonedx_py") is None, reason="cyclonedx-bom is not installed here")
def test_a_release_lists_all_its_components(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PYTHON", Path(sys.executable))
    tasks.write_bill(LOCKS / "compact.txt", tmp_path / "compact.cdx.json")
    bill = json.loads((tmp_path / "compact.cdx.json").read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["name"] == "dropdub"
    assert {one["name"] for one in bill["components"]} == {requirement.name for requirement, _ in entries("compact")}
