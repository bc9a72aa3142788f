from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.config import load_config
from dropdub.root import Root
from dropdub.service.description import Manager, ServicePlan, plan_for
from dropdub.service.managed import Service
from tests.service import fakes
from tests.service.fakes import FakeSystem, wait_gone

REPOSITORY = Path(fakes.__file__).parents[2]
CONFIG = "preload: false\njob: {transcriber: pocketsphinx, synthesizer: espeak-ng}\n"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A root in a folder whose name needs quoting on every command line."""
    path = tmp_path / "Ana's 100% $HOME çãø"
    path.mkdir()
    (path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return Root.at(path)


@pytest.fixture
def plan(root: Root) -> ServicePlan:
    return a_plan(root)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    """Fake schtasks, systemctl, loginctl and launchctl, first on PATH. What they started is ended with the test."""
    programs, folder = tmp_path / "bin", tmp_path / "services"
    programs.mkdir()
    folder.mkdir()
    for name in ("schtasks", "systemctl", "loginctl", "launchctl"):
        program = programs / name
        called = f'exec {shlex.quote(sys.executable)} -m tests.service.fakes {name} "$@"'
        kept = f"PYTHONPATH={shlex.quote(str(REPOSITORY))} FAKE_SERVICES={shlex.quote(str(folder))}"
        program.write_text(f"#!/bin/sh\nexport {kept}\n{called}\n", encoding="utf-8")
        program.chmod(0o755)
    for name, value in {"XDG_CONFIG_HOME": tmp_path / "settings", "HOME": tmp_path, "FAKE_SERVICES": folder}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    system = FakeSystem()
    yield system
    for known in folder.glob("*.json"):
        pid = (system.known(known.stem) or {}).get("pid")
        if isinstance(pid, int):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                wait_gone(pid)


def a_plan(root: Root, *, at_boot: bool = False, account: str = "ana") -> ServicePlan:
    return plan_for(root, load_config(root.config_file), at_boot=at_boot, account=account)


def a_service(manager: Manager, plan: ServicePlan, root: Root) -> Service:
    return Service(manager, plan, root.database_url, root.daemon_lock)
