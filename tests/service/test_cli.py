"""`dropdub service` as users meet it, on the fake system."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dropdub.pasting import command
from dropdub.root import Root
from tests import warm
from tests.service.fakes import FakeSystem

if sys.platform != "linux":
    pytest.skip("the fakes are programs of Linux", allow_module_level=True)


def jobs(root: Root, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.run(["--root", str(root.path), "service", *arguments])


def test_service_commands_report_each_stage_of_its_life(root: Root, system: FakeSystem) -> None:
    before = jobs(root, "status")
    assert before.returncode == 1 and "No service is installed" in before.stdout

    installed = jobs(root, "install")
    assert (installed.returncode, installed.stderr) == (0, "")
    assert "a systemd user unit" in installed.stdout and "enable-linger" in installed.stdout

    said = jobs(root, "status", "--json")
    status = json.loads(said.stdout)
    assert said.returncode == 0 and Path(status["file"]).is_file()
    assert status["running"] and status["enabled"] and status["name"].startswith("dropdub-ana-s-100")
    assert f"process {status['pid']}" in jobs(root, "status").stdout

    assert "stays off" in jobs(root, "stop").stdout
    stopped = jobs(root, "status")
    assert (
        stopped.returncode == 1
        and f"It is off. Turn it on with:\n  {command(root.path, 'service', 'start')}\n" in stopped.stdout
    )

    assert "is running (process" in jobs(root, "start").stdout
    assert "Nothing in" in jobs(root, "uninstall").stdout
    assert jobs(root, "status").returncode == 1


def test_the_service_of_a_root_that_was_deleted_is_removed_by_its_path(root: Root, system: FakeSystem) -> None:
    assert jobs(root, "install").returncode == 0
    file = Path(json.loads(jobs(root, "status", "--json").stdout)["file"])
    shutil.rmtree(root.path)
    assert json.loads(jobs(root, "status", "--json").stdout)["installed"]
    assert jobs(root, "uninstall").returncode == 0 and not file.exists() and not root.path.exists()
    again = jobs(root, "uninstall")
    assert again.returncode == 1 and "No service is installed" in again.stderr


def test_a_dry_run_shows_all_and_changes_nothing(root: Root, system: FakeSystem) -> None:
    shown = jobs(root, "install", "--dry-run")
    assert shown.returncode == 0 and "ExecStart=" in shown.stdout
    assert "systemctl --user enable --now dropdub-" in shown.stdout
    assert not (system.folder / "calls").exists() and not (system.folder.parent / "settings").exists()


def test_a_refusal_is_a_sentence_with_its_exit_code(root: Root, system: FakeSystem) -> None:
    absent = jobs(root, "stop")
    assert absent.returncode == 1 and "No service is installed" in absent.stderr and "Traceback" not in absent.stderr
    misused = jobs(root, "install", "--account", "ana")
    assert misused.returncode == 2 and "--boot" in misused.stderr
    root.config_file.write_text("nonsense: 1\n", "utf-8")
    assert jobs(root, "install").returncode == 2


def test_console_settings_that_the_service_will_not_see_are_named(
    root: Root, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPDUB_JOB__LANGUAGE", "pt")
    assert "DROPDUB_JOB__LANGUAGE" in jobs(root, "install").stdout
