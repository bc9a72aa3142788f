"""Install, stop, start and uninstall, with real daemons under fake systems."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from dropdub.errors import ServiceError, UsageError
from dropdub.process import is_alive
from dropdub.root import Root
from dropdub.service import managed, status
from dropdub.service.description import Manager, ServicePlan
from dropdub.service.launchd import Launchd
from dropdub.service.managed import Service
from dropdub.service.systemd import Systemd
from dropdub.service.windows import TaskScheduler
from dropdub.store.migrations import REVISIONS
from tests.released_schema import SCHEMAS
from tests.service.conftest import a_plan, a_service
from tests.service.fakes import FakeSystem
from tests.waiting import wait_until

if sys.platform == "win32":
    pytest.skip("the fakes are programs of POSIX", allow_module_level=True)

MANAGERS: dict[str, Callable[[ServicePlan], Manager]] = {
    "windows": TaskScheduler, "systemd": Systemd, "launchd": Launchd,
}  # fmt: skip


@dataclass
class Installed:
    """A service, and the system that it is installed in."""

    service: Service
    manager: Manager
    system: FakeSystem
    root: Root

    def calls(self) -> list[str]:
        return (self.system.folder / "calls").read_text("utf-8").splitlines()


@pytest.fixture(params=MANAGERS)
def site(request: pytest.FixtureRequest, root: Root, plan: ServicePlan, system: FakeSystem) -> Installed:
    manager = MANAGERS[request.param](plan)
    return Installed(a_service(manager, plan, root), manager, system, root)


def pid_of(service: Service) -> int:
    pid = service.status().pid
    assert pid is not None
    return pid


def test_a_service_is_installed_stopped_started_and_uninstalled(site: Installed) -> None:
    service = site.service
    before = service.status()
    assert (before.installed, before.running, before.enabled) == (False, False, False)

    advice = service.install()
    first = pid_of(service)
    assert service.status().installed and service.status().enabled
    assert any("log" in sentence for sentence in advice), advice

    service.stop()
    stopped = service.status()
    assert (stopped.installed, stopped.running, stopped.enabled) == (True, False, False)
    assert not is_alive(first)

    service.start()
    second = pid_of(service)
    assert second != first and service.status().enabled

    service.uninstall()
    after = service.status()
    assert (after.installed, after.running) == (False, False) and not is_alive(second)
    assert not site.manager.file.exists()
    assert site.root.config_file.exists() and site.root.inbox.is_dir()


def test_starting_a_running_service_changes_nothing(site: Installed) -> None:
    site.service.install()
    first = pid_of(site.service)
    site.service.start()
    assert pid_of(site.service) == first


def test_installing_again_replaces_the_old_service(site: Installed) -> None:
    site.service.install()
    first = pid_of(site.service)
    site.service.install()
    assert not is_alive(first) and pid_of(site.service) != first


def test_a_daemon_ends_cleanly_when_its_service_is_stopped(site: Installed) -> None:
    site.service.install()
    site.service.stop()
    log = (site.root.logs_dir / "dropdub.log").read_text("utf-8")
    assert "run ended" in log
    assert not any("/End" in call or "SIGKILL" in call for call in site.calls())


def test_a_task_is_disabled_before_stopping_so_that_no_trigger_restarts_it(
    root: Root, plan: ServicePlan, system: FakeSystem
) -> None:
    service = a_service(TaskScheduler(plan), plan, root)
    service.install()
    service.stop()
    assert "/DISABLE" in (system.folder / "calls").read_text("utf-8").splitlines()[-1]


@pytest.mark.parametrize("at_boot", [True, False])
def test_a_task_without_its_file_is_known_from_what_the_system_reports(
    root: Root, system: FakeSystem, monkeypatch: pytest.MonkeyPatch, at_boot: bool
) -> None:
    monkeypatch.setattr(managed, "make_manager", TaskScheduler)
    monkeypatch.setattr(managed, "is_administrator", lambda: True)
    assert not Service.of(root.path).plan.at_boot
    Service.of(root.path, at_boot=at_boot, account="root" if at_boot else None).install()
    Path(status(root.path).file).unlink()
    found = Service.of(root.path)
    assert found.plan.at_boot is at_boot
    found.stop()
    found.start()
    assert pid_of(found)
    with pytest.raises(UsageError, match="already"):
        Service.of(root.path, at_boot=not at_boot, account="root").install()
    found.uninstall()
    assert not found.status().installed


def test_a_daemon_that_ignores_a_stop_is_killed(
    root: Root, plan: ServicePlan, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed, "STOP_GRACE_S", 0.5)
    service = a_service(TaskScheduler(plan), plan, root)
    service.install()
    pid = pid_of(service)
    os.kill(pid, signal.SIGSTOP)
    service.stop()
    assert not is_alive(pid) and not service.status().running


def test_a_daemon_with_an_old_heartbeat_is_killed_too(
    root: Root, plan: ServicePlan, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed, "ENDED_WITHIN_S", 1.0)
    service = a_service(TaskScheduler(plan), plan, root)
    service.install()
    pid = pid_of(service)
    os.kill(pid, signal.SIGSTOP)  # like one that hangs in a call to a dead share
    with closing(sqlite3.connect(root.database_file)) as rows:
        rows.execute("UPDATE daemon SET heartbeat_at = heartbeat_at - 60")
        rows.commit()
    service.stop()
    assert not is_alive(pid)


def test_a_service_whose_daemon_died_stays_installed_and_can_be_started(site: Installed) -> None:
    site.service.install()
    first = pid_of(site.service)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not is_alive(first), "the daemon to be dead")
    found = site.service.status()
    assert found.installed and not found.running
    site.service.start()
    assert pid_of(site.service) != first


@pytest.mark.parametrize("what", ["start", "stop", "uninstall"])
def test_nothing_is_done_for_a_service_that_is_not_installed(site: Installed, what: str) -> None:
    with pytest.raises(ServiceError, match="No service is installed") as refused:
        getattr(site.service, what)()
    assert "service install" in refused.value.remedy


def test_a_daemon_running_in_a_window_is_not_replaced(site: Installed) -> None:
    site.service.install()
    daemon = pid_of(site.service)
    file = site.manager.file
    content = file.read_bytes()
    file.unlink()
    if isinstance(site.manager, TaskScheduler):
        site.system.forget(f"\\Dropdub\\{site.service.plan.name}")
    with pytest.raises(UsageError, match="A daemon is already running on"):
        site.service.install()
    assert not file.exists() and content
    os.kill(daemon, signal.SIGKILL)  # the system that would end it has forgotten it
    wait_until(lambda: not is_alive(daemon), "the daemon to end")


def test_two_roots_on_one_machine_do_not_interfere(tmp_path: Path, system: FakeSystem) -> None:
    services = []
    for folder in ("a", "b"):
        path = tmp_path / folder / "dubs"
        path.mkdir(parents=True)
        (path / "config.yaml").write_text("preload: false\n", "utf-8")
        root = Root.at(path)
        services.append(a_service(Systemd(a_plan(root)), a_plan(root), root))
    for service in services:
        service.install()
    assert len({service.plan.name for service in services}) == 2
    services[0].stop()
    assert not services[0].status().running and services[1].status().running


@pytest.mark.parametrize(("said", "remedy"), [
    ("Failed to connect to bus: No medium found", "--boot"),
    ("System has not been booted with systemd (PID 1).\nFailed to connect to bus: Host is down", "dropdub watch"),
    ("Failed to enable unit: Access denied", "sudo"),
])  # fmt: skip
def test_a_refusal_by_the_system_leaves_nothing_behind(
    root: Root, plan: ServicePlan, system: FakeSystem, monkeypatch: pytest.MonkeyPatch, said: str, remedy: str
) -> None:
    system.answer("away", said)
    service = a_service(Systemd(plan), plan, root)
    with pytest.raises(ServiceError, match="failed: ") as refused:
        service.install()
    assert remedy in refused.value.remedy and said.rsplit(maxsplit=1)[-1] in refused.value.message
    assert not service.status().installed


def test_a_unit_whose_daemon_ends_at_once_is_removed(root: Root, plan: ServicePlan, system: FakeSystem) -> None:
    service = a_service(Systemd(plan), plan, root)
    root.create_folders()
    with FileLock(root.daemon_lock), pytest.raises(ServiceError, match="Job for dropdub") as refused:
        service.install()
    assert "watch" in refused.value.remedy
    assert not service.status().installed and not (system.known(f"{plan.name}.service") or {})["enabled"]


@pytest.mark.parametrize("is_on", [True, False])
def test_a_new_definition_that_fails_leaves_the_old_service_as_it_was(
    root: Root, plan: ServicePlan, system: FakeSystem, monkeypatch: pytest.MonkeyPatch, is_on: bool
) -> None:
    manager = Systemd(plan)
    service = a_service(manager, plan, root)
    service.install()
    if not is_on:
        service.stop()
    with monkeypatch.context() as patched, pytest.raises(ServiceError, match="Job for dropdub"):
        patched.setattr(Systemd, "text", lambda _self: "[Service]\nExecStart=/bin/false\nWorkingDirectory=/\n")
        service.install()
    assert manager.file.read_bytes() == manager.content()
    found = service.status()
    assert (found.installed, found.enabled, found.running) == (True, is_on, is_on)


def test_starting_is_refused_while_another_daemon_runs(site: Installed) -> None:
    site.service.install()
    site.service.stop()
    with subprocess.Popen(
        [sys.executable, "-m", "dropdub", "--root", str(site.root.path), "watch"], stdout=subprocess.DEVNULL
    ) as other:
        wait_until(lambda: site.service.status().pid == other.pid, "the other daemon to be up")
        with pytest.raises(UsageError, match=f"process {other.pid}"):
            site.service.start()
        other.terminate()


def test_without_the_systems_tool_the_workaround_is_named(
    root: Root, plan: ServicePlan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match="There is no launchctl") as refused:
        a_service(Launchd(plan), plan, root).install()
    assert "watch" in refused.value.remedy


def test_starting_at_boot_needs_an_administrator(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed, "is_administrator", lambda: False)
    with pytest.raises(UsageError, match="needs administrator rights") as refused:
        Service.of(root.path, at_boot=True).install()
    assert "sudo" in refused.value.remedy and "--boot" in refused.value.remedy


def test_a_daemon_that_does_not_come_up_is_reported(
    root: Root, plan: ServicePlan, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed, "UP_WITHIN_S", 0.5)
    service = a_service(TaskScheduler(plan), plan, root)
    root.config_file.write_text("nonsense: 1\n", "utf-8")
    with pytest.raises(ServiceError, match="its daemon was not running after") as refused:
        service.install()
    assert str(plan.log) in refused.value.remedy
    wait_until(lambda: "nonsense" in plan.log.read_text("utf-8"), "the reason to be in the log")


def test_lingering_is_not_advised_if_already_enabled(
    root: Root, plan: ServicePlan, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any("enable-linger" in sentence for sentence in Systemd(plan).advice())
    system.answer("linger", "yes")
    assert Systemd(plan).advice() == []


def test_other_modules_can_query_the_service_of_a_root(root: Root, system: FakeSystem) -> None:
    found = status(root.path)
    assert (found.installed, found.running, found.pid) == (False, False, None)


def test_after_an_upgrade_the_first_start_of_the_service_upgrades_the_database(site: Installed) -> None:
    file = site.root.path / "jobs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((SCHEMAS / f"{REVISIONS[0]}.sql").read_text(encoding="utf-8"))
    assert not site.service.status().running
    site.service.install()
    assert is_alive(pid_of(site.service))
    site.service.uninstall()
