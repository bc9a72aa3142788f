"""What is handed to systemd, launchd and the Task Scheduler, checked against their published formats."""

from __future__ import annotations

import copy
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import xmlschema
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import load_config
from dropdub.errors import UsageError
from dropdub.root import Root
from dropdub.service import systemd, windows
from dropdub.service.description import ServicePlan, plan_for, service_name
from dropdub.service.launchd import Launchd
from dropdub.service.managed import Service
from dropdub.service.systemd import Systemd, unit_text
from dropdub.service.windows import NAMESPACE, TaskScheduler

if sys.platform != "win32":
    import pwd

SCHEMAS = Path(__file__).parents[1] / "data" / "taskscheduler"
TEMPORARY = ("/tmp", "/var/tmp")
ODD_NAMES = ["dubs", "Ana's dubs", 'a "b" c', "100% ção", "$HOME", "a & b <c>", "世界", "semi;colon #1"]


def a_root(path: Path, **settings: object) -> Root:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    folders = load_config(path / "config.yaml").folders
    return Root.at(path, folders.model_dump())


def a_plan(root: Root, *, at_boot: bool = False) -> ServicePlan:
    return plan_for(root, load_config(root.config_file), at_boot=at_boot, account="ana")


@pytest.fixture(params=ODD_NAMES)
def plan(request: pytest.FixtureRequest, tmp_path: Path) -> ServicePlan:
    return a_plan(a_root(tmp_path / request.param))


@pytest.fixture
def in_tmp() -> Iterator[Path]:
    """Yield a folder in /tmp, which a sandbox would hide, wherever the tests keep their files."""
    with tempfile.TemporaryDirectory(dir=TEMPORARY[0] if sys.platform != "win32" else None) as folder:
        yield Path(folder).resolve()


@pytest.fixture
def plain(tmp_path: Path) -> ServicePlan:
    return a_plan(a_root(tmp_path / "dubs"))


# -- names --------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1, max_size=60))
def test_a_service_is_named_in_letters_that_every_system_takes(name: str) -> None:
    assert re.fullmatch(r"dropdub-[a-z0-9-]{1,24}-[0-9a-f]{8}", service_name(Path("/srv") / name))


def test_each_root_has_a_service_of_its_own_however_it_is_written(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "dubs", tmp_path / "b" / "dubs"
    assert service_name(one) != service_name(other)
    assert service_name(one) == service_name(tmp_path / "b" / ".." / "a" / "dubs")


def test_a_root_with_a_line_break_in_its_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line break"):
        a_plan(a_root(tmp_path / "two\nlines"))


# -- systemd ------------------------------------------------------------------------------------------------------


def verified(plan: ServicePlan, folder: Path) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    unit = folder / Systemd(plan).file.name
    unit.write_text(unit_text(plan), "utf-8")
    # `--user` asks for a session that a container does not have; the settings are the same for both.
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return f"{done.returncode}{done.stdout}{done.stderr}"


@pytest.mark.parametrize("at_boot", [False, True])
def test_systemd_accepts_a_unit(plan: ServicePlan, tmp_path: Path, at_boot: bool) -> None:
    assert verified(replace(plan, at_boot=at_boot, account="root"), tmp_path) == "0"


def test_systemd_rejects_an_invalid_unit(plain: ServicePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "TEMPLATE", systemd.TEMPLATE.replace("WatchdogSec={watchdog_s}", "WatchdogSec=often"))
    assert "Failed to parse sec value" in verified(plain, tmp_path)


def test_folders_outside_the_root_may_be_written_to(in_tmp: Path) -> None:
    share, models, results = in_tmp / "share", in_tmp / "models", in_tmp / "results"
    root = a_root(
        in_tmp / "root",
        folders={"inbox": str(share / "in"), "work": "work"},
        models={"dir": str(models)},
        database=f"sqlite:///{in_tmp / 'database' / 'jobs.db'}",
        job={"out": str(results)},
        profiles={"lessons": {"out": str(in_tmp / "lessons")}},
    )
    [line] = [line for line in unit_text(a_plan(root, at_boot=True)).splitlines() if line.startswith("ReadWritePaths")]
    outside = sorted(in_tmp / name for name in ("share/in", "database", "results", "lessons"))
    assert line == f"ReadWritePaths={root.path} " + " ".join(f"-{folder}" for folder in [*outside, *TEMPORARY])


def test_folders_are_where_the_daemon_looks_for_them(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = in_tmp / "home"
    monkeypatch.setenv("HOME", str(home))
    root = a_root(in_tmp / "root", metrics={"file": "~/metrics/dropdub.prom"}, database="~/data/jobs.db")
    [line] = [line for line in unit_text(a_plan(root, at_boot=True)).splitlines() if line.startswith("ReadWritePaths")]
    assert line == f"ReadWritePaths={root.path} -{home / 'data'} -{home / 'metrics'} -/tmp -/var/tmp"


@pytest.mark.skipif(sys.platform == "win32", reason="asks for the home of another account than this one")
def test_a_tilde_is_the_home_of_whoever_runs_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "of-who-installs-it"))
    theirs = Path(pwd.getpwnam("nobody").pw_dir)
    a_root(
        tmp_path / "root",
        folders={"outbox": "~/results", "work": "~/work"},
        models={"dir": "~/models"},
        metrics={"file": "~/metrics/dropdub.prom"},
        database="~/data/jobs.db",
    )
    at_boot = Service.of(tmp_path / "root", at_boot=True, account="nobody").plan
    assert set(at_boot.writable) == {theirs / name for name in ("results", "work", "metrics", "data")}
    assert theirs / "models" in at_boot.programs
    assert at_boot.log == theirs / "work" / "logs" / "service.log"
    mine = Service.of(tmp_path / "root", at_boot=False).plan
    assert tmp_path / "of-who-installs-it" / "results" in mine.writable


def test_the_cache_that_the_system_kept_for_a_unit_is_removed_with_it(plain: ServicePlan) -> None:
    [clean] = Systemd(replace(plain, at_boot=True)).unregister_commands()
    assert clean.arguments == ("systemctl", "clean", "--what=cache", f"{plain.name}.service") and clean.may_fail
    assert Systemd(plain).unregister_commands() == []


def test_a_user_unit_asks_for_nothing_that_only_the_system_can_do(plan: ServicePlan) -> None:
    text = unit_text(plan)
    assert "ProtectSystem" not in text and "CapabilityBoundingSet" not in text and "User=" not in text
    assert "NoNewPrivileges=yes" in text and "WantedBy=default.target" in text


# -- launchd ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_boot", [False, True])
def test_launchd_gets_what_was_planned(plan: ServicePlan, at_boot: bool) -> None:
    read = plistlib.loads(Launchd(replace(plan, at_boot=at_boot)).content())
    words = ["--root", str(plan.root), "watch", *(["--shared-inbox"] if at_boot else [])]
    assert read["ProgramArguments"][-len(words) :] == words
    assert read["WorkingDirectory"] == str(plan.root) and read["Label"] == plan.name
    assert read["KeepAlive"] == {"SuccessfulExit": False} and read["RunAtLoad"] is True
    assert read.get("UserName") == ("ana" if at_boot else None)


# -- Task Scheduler -----------------------------------------------------------------------------------------------


def schema(name: str) -> xmlschema.XMLSchema11:
    return xmlschema.XMLSchema11(SCHEMAS / name)


def written(plan: ServicePlan) -> ET.Element:
    """Return a task as Windows reads it from its file."""
    content = TaskScheduler(plan).content()
    assert content.startswith(b"\xff\xfe") and b"\r\x00\n\x00" in content
    return ET.fromstring(content.decode("utf-16").partition("?>")[2])


def in_the_older_order(task: ET.Element) -> ET.Element:
    """Return the task with the children of its triggers in the order of the protocol's schema.

    The two published schemas disagree on it; what Windows itself writes follows the other one.
    """
    task = copy.deepcopy(task)
    for trigger in task.find(f"{{{NAMESPACE}}}Triggers") or ():
        order = ("Enabled", "StartBoundary", "Repetition", "UserId", "Delay")
        trigger[:] = sorted(trigger, key=lambda child: order.index(child.tag.partition("}")[2]))
    return task


@pytest.mark.parametrize("at_boot", [False, True])
def test_a_task_follows_the_published_schemas(plan: ServicePlan, at_boot: bool) -> None:
    task = written(replace(plan, at_boot=at_boot, account="OFFICE\\ana"))
    schema("TaskSchedulerV2Schema.xsd").validate(task)
    schema("ms-tsch.xsd").validate(in_the_older_order(task))


def test_the_schemas_reject_an_invalid_task(plain: ServicePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "REVIVED_EVERY", "5 minutes")
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema("TaskSchedulerV2Schema.xsd").validate(written(plain))


@pytest.mark.parametrize(("at_boot", "trigger", "logon"), [
    (False, "LogonTrigger", "InteractiveToken"),
    (True, "BootTrigger", "S4U"),
])  # fmt: skip
def test_a_task_runs_without_limit_once_at_a_time_and_is_restarted(
    plan: ServicePlan, at_boot: bool, trigger: str, logon: str
) -> None:
    task = written(replace(plan, at_boot=at_boot))
    shown = {element.tag.partition("}")[2]: (element.text or "") for element in task.iter()}
    assert trigger in shown and shown["LogonType"] == logon and shown["RunLevel"] == "LeastPrivilege"
    assert shown["MultipleInstancesPolicy"] == "IgnoreNew" and shown["ExecutionTimeLimit"] == "PT0S"
    assert shown["DisallowStartIfOnBatteries"] == shown["StopIfGoingOnBatteries"] == shown["StopOnIdleEnd"] == "false"
    assert shown["Interval"] and task.find(f".//{{{NAMESPACE}}}TimeTrigger/{{{NAMESPACE}}}Repetition") is not None
    assert shown["WorkingDirectory"] == str(plan.root) and shown["Arguments"].endswith(
        "watch --shared-inbox" if at_boot else "watch"
    )


def test_shares_that_a_task_without_a_password_cannot_reach_are_named(
    plain: ServicePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "network_kind", lambda folder: "network share" if "server" in str(folder) else None)
    plan = replace(plain, writable=(Path("/server/inbox"), Path("/local/models")))
    [said] = TaskScheduler(replace(plan, at_boot=True)).advice()
    assert "/server/inbox" in said and "/local" not in said
    assert TaskScheduler(replace(plain, at_boot=True)).advice() == []


def test_a_path_that_the_task_scheduler_does_not_take_is_refused(plain: ServicePlan) -> None:
    with pytest.raises(UsageError, match="260"):
        TaskScheduler(replace(plain, root=Path("/" + "d" * 260))).content()
