"""Whoever exploits a reader of dropped files gets the service's account: what that may not do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.config import load_config
from dropdub.errors import UsageError
from dropdub.root import Root
from dropdub.service import managed, sandbox
from dropdub.service.accounts import has_all_rights, is_superuser, may_write_config, refuse_superuser
from dropdub.service.description import Manager, ServicePlan, plan_for
from dropdub.service.launchd import Launchd, properties
from dropdub.service.managed import Service
from dropdub.service.sandbox import hides
from dropdub.service.search_path import search_path
from dropdub.service.systemd import Systemd, unit_text
from dropdub.service.windows import TaskScheduler, task_xml
from tests.security.unit_runner import Unit

if sys.platform != "win32":
    import pwd
else:
    pytest.skip("systemd, and accounts of POSIX", allow_module_level=True)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="an owner that is root, or a group: not to be made here")
RUNNER = Path(__file__).with_name("unit_runner.py")
SAMPLE = Path(__file__).parents[2] / "src" / "dropdub" / "samples" / "jfk.flac"
EXPOSURE_MAX = 1.5
LIGHT = """\
preload: false
job: {transcriber: pocketsphinx, synthesizer: espeak-ng, language: en, targets: [], speakers: one}
"""


def a_plan(root: Path, *, at_boot: bool = True, account: str = "nobody") -> ServicePlan:
    root.mkdir(exist_ok=True)
    config = root / "config.yaml"
    if not config.exists():
        config.write_text(LIGHT, "utf-8")
    return plan_for(Root.at(root), load_config(config), at_boot=at_boot, account=account)


def settings(plan: ServicePlan) -> dict[str, str]:
    return dict(line.split("=", 1) for line in unit_text(plan).splitlines() if "=" in line)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
@pytest.mark.parametrize("root", ["/srv/dubs", "/home/ana/dubs"])
def test_systemd_rates_the_unit_as_hardly_exposed(tmp_path: Path, root: str) -> None:
    programs = (Path("/opt/dropdub"),)  # not where these tests run, which may be in /tmp
    plan = replace(a_plan(tmp_path, account="dropdub"), root=Path(root), programs=programs)
    unit = tmp_path / "dropdub.service"
    unit.write_text(unit_text(plan), "utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout
    [exposure] = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert float(exposure) <= EXPOSURE_MAX, said


def test_files_it_creates_are_private_to_its_account(tmp_path: Path) -> None:
    for at_boot in (True, False):
        plan = a_plan(tmp_path, at_boot=at_boot)
        assert settings(plan)["UMask"] == "0077" and properties(plan)["Umask"] == 0o077


@pytest.mark.parametrize(("number", "is_cleared"), [(998, True), (1000, False), (65534, False), (0, False)])
def test_a_stop_clears_shared_memory_except_that_of_a_users_other_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, is_cleared: bool
) -> None:
    monkeypatch.setattr(sandbox, "user_id", lambda _account: number)
    said = settings(a_plan(tmp_path))
    assert said["PrivateIPC"] == "yes" and ("RemoveIPC" in said) is is_cleared


@pytest.mark.parametrize(("device", "allowed"), [
    ("nvidia0", ["char-nvidia* rw"]), ("dxg", ["/dev/dxg rw"]), ("kfd", ["char-kfd rw", "char-drm rw"]), ("sda", []),
])  # fmt: skip
def test_graphics_cards_are_the_only_visible_hardware(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, allowed: list[str]
) -> None:
    (tmp_path / device).touch()
    monkeypatch.setattr(sandbox, "DEVICES", tmp_path)
    unit = Unit(unit_text(a_plan(tmp_path / "root")))
    assert unit.all("DeviceAllow") == allowed and unit.all("PrivateDevices") == ([] if allowed else ["yes"])
    assert unit.all("DevicePolicy") == ["closed"]


def test_only_an_inbox_of_the_machine_counts_as_shared(tmp_path: Path) -> None:
    for at_boot in (True, False):
        plan = a_plan(tmp_path, at_boot=at_boot)
        texts = (settings(plan)["ExecStart"], " ".join(properties(plan)["ProgramArguments"]), task_xml(plan))
        assert all(("watch --shared-inbox" in text) is at_boot for text in texts)


@pytest.mark.parametrize("manager", [Systemd, Launchd, TaskScheduler])
def test_no_definition_is_where_the_service_may_replace_it(tmp_path: Path, manager: type[Manager]) -> None:
    for at_boot in (True, False):
        plan = a_plan(tmp_path, at_boot=at_boot)
        file = manager(plan).file  # type: ignore[call-arg]
        assert not any(file.is_relative_to(folder) for folder in (plan.root, plan.log.parent, *plan.writable))


def test_homes_and_temporary_files_are_hidden_unless_needed(tmp_path: Path) -> None:
    nothing_there = replace(a_plan(tmp_path), root=Path("/srv/dubs"), programs=(Path("/opt/dropdub"),))
    assert settings(nothing_there)["ProtectHome"] == "yes" and settings(nothing_there)["PrivateTmp"] == "yes"
    assert hides(nothing_there, Path("/tmp/talk.mp4")) and hides(nothing_there, Path("/home/ana/talk.mp4"))
    assert not hides(nothing_there, Path("/srv/talk.mp4"))
    at_home = replace(nothing_there, programs=(Path("/home/ana/.local/share/dropdub"),))
    assert settings(at_home)["ProtectHome"] == "read-only" and not hides(at_home, Path("/home/ana/talk.mp4"))
    in_tmp = replace(nothing_there, writable=(Path("/tmp/results"),))
    assert settings(in_tmp)["PrivateTmp"] == "no" and not hides(in_tmp, Path("/tmp/talk.mp4"))
    assert not hides(replace(nothing_there, at_boot=False), Path("/tmp/talk.mp4"))


def test_programs_are_not_searched_for_where_others_may_add_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("PATH", f"{shared}:/usr/bin:/bin")
    assert str(shared) not in search_path("nobody")
    assert "/usr/bin" in search_path("nobody").split(":")
    monkeypatch.setattr(sys, "executable", str(shared / "python"))
    assert str(shared) not in search_path("nobody")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that only root may change, and all above it."""
    folder = Path(tempfile.mkdtemp(prefix="dropdub-place-", dir="/srv"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
def test_a_link_that_others_may_redirect_is_not_followed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, programs = place / "shared", place / "programs"
    shared.mkdir()
    programs.mkdir()
    shared.chmod(0o777)
    for folder, is_taken in ((place, True), (shared, False)):
        (folder / "link").symlink_to(programs)
        monkeypatch.setattr(sys, "executable", str(folder / "link" / "python"))
        taken = search_path("nobody").split(":")
        assert (str(programs) in taken) is is_taken and str(folder / "link") not in taken


@needs_root
def test_a_group_is_trusted_only_if_the_account_is_its_only_member(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(place / "python"))
    place.chmod(0o775)
    for account, is_trusted in (("daemon", True), ("nobody", False)):  # nogroup is, as users, that of several
        os.chown(place, 0, pwd.getpwnam(account).pw_gid)
        assert (str(place) in search_path(account).split(":")) is is_trusted


@needs_root
def test_a_service_is_not_installed_as_root_unless_requested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_plan(tmp_path)
    written = tmp_path / "written"
    monkeypatch.setattr(Systemd, "file", property(lambda _self: written))
    with pytest.raises(UsageError, match="would run as root") as refused:
        Service.of(tmp_path, at_boot=True).install()
    assert "useradd --system" in refused.value.remedy and "--account root" in refused.value.remedy
    assert not written.exists()
    monkeypatch.setattr(managed, "run_commands", lambda _commands: None)
    monkeypatch.setattr(Service, "_await_daemon", lambda _self: None)
    Service.of(tmp_path, at_boot=True, account="root").install()
    assert "User=root" in written.read_text("utf-8")


def test_windows_administrators_are_identified_by_sid_in_any_language() -> None:
    domain = "S-1-5-21-1004336348-1177238915-682003330"
    assert has_all_rights("S-1-5-18") and has_all_rights(f"{domain}-500")
    assert not any(map(has_all_rights, ("", "S-1-5-19", f"{domain}-1500", f"{domain}-500-1", "S-1-5-32-500")))


def test_a_command_to_paste_runs_nothing_from_a_path(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    plan = replace(a_plan(tmp_path / "root", account="root"), root=Path(f'/srv/$(touch "{proof}")`touch "{proof}"`'))
    with pytest.raises(UsageError) as refused:
        refuse_superuser(plan, named=False)
    commands = "chown" + refused.value.remedy.partition("chown")[2].partition("\n")[0]
    assert "dropdub --root" in commands
    subprocess.run(["bash", "-c", f"chown() {{ :; }}; dropdub() {{ :; }}; {commands}"], check=True)
    assert not proof.exists()


def test_write_access_to_the_settings_is_detected(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    assert is_superuser("root") and is_superuser("0") and not is_superuser("nobody")
    tmp_path.chmod(0o755)
    plan.config_file.chmod(0o644)
    assert not may_write_config(plan)
    plan.config_file.chmod(0o666)
    assert may_write_config(plan)
    plan.config_file.chmod(0o644)
    tmp_path.chmod(0o777)  # the file may be replaced
    assert may_write_config(plan)


# -- as the kernel does it ------------------------------------------------------------------------------------------

needs_kernel = pytest.mark.skipif(
    os.geteuid() != 0
    or shutil.which("systemd-analyze") is None
    or subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0
    or Path(sys.prefix).is_relative_to("/root"),
    reason="needs root, mount namespaces, systemd-analyze, and an environment outside /root, which is hidden",
)


@pytest.fixture
def confined() -> Iterator[ServicePlan]:
    """A root that belongs to the service's account, outside of homes and temporary folders."""
    folder = Path(tempfile.mkdtemp(prefix="dropdub-confined-", dir="/srv"))
    try:
        plan = a_plan(folder / "root")
        folder.chmod(0o755)
        (folder / "outside.txt").write_text("of somebody else", "utf-8")
        (folder / "outside.txt").chmod(0o666)
        yield plan
    finally:
        shutil.rmtree(folder)


def run_confined(
    plan: ServicePlan, *command: str, timeout_s: float = 120, more: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command as the service; `more`: lines for its unit."""
    for path in (plan.root, *plan.root.rglob("*")):
        os.chown(path, 65534, 65534)
    unit = plan.root.parent / "dropdub.service"
    unit.write_text(unit_text(plan) + more, "utf-8")
    return subprocess.run(
        [sys.executable, str(RUNNER), str(unit), "nobody", *command],
        capture_output=True, encoding="utf-8", timeout=timeout_s, check=False,
    )  # fmt: skip


ATTACKS = """
import ctypes, os, pathlib, sys
root = pathlib.Path(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def number(result):
    if result != 0: raise OSError(ctypes.get_errno(), "")
def made(): (root / "own").write_text("x"); return root / "own"
def put_in_place(): (root / "mine").write_text("x"); os.rename(root / "mine", root / "config.yaml")
tries = {
    "settings written": lambda: (root / "config.yaml").open("a"),
    "settings replaced": put_in_place,
    "settings removed": lambda: (root / "config.yaml").unlink(),
    "settings given away": lambda: os.chmod(root / "config.yaml", 0o666),
    "written outside": lambda: (root.parent / "outside.txt").open("a"),
    "owner changed": lambda: os.chown(root / "inbox", 0, -1),
    "owner of a file of its own changed": lambda: os.chown(made(), 0, -1),
    "group of others taken": lambda: os.chown(made(), -1, 0),
    "made setgid": lambda: os.chmod(made(), 0o2700),
    "made setuid": lambda: os.chmod(made(), 0o4700),
    "other account": lambda: os.setuid(0),
    "mount": lambda: number(libc.mount(b"none", b"/srv", b"tmpfs", 0, None)),
    "namespace": lambda: number(libc.unshare(0x10000000)),
    "priority": lambda: os.sched_setaffinity(0, {0}),
    "trace": lambda: number(libc.ptrace(16, os.getppid(), 0, 0)),
    "others seen": lambda: os.stat("/proc/1"),
    "file in the homes": lambda: list(pathlib.Path("/root/.ssh").iterdir()),
    "shared temporary files": lambda: os.stat(sys.argv[2]),
}
for name, attack in tries.items():
    try: attack()
    except (OSError, PermissionError): continue
    print(name)
(root / "inbox" / "made").write_text("x")
print("mode", oct((root / "inbox" / "made").stat().st_mode & 0o777))
"""


@needs_kernel
def test_an_attacker_in_the_service_can_do_nothing_outside_it(confined: ServicePlan) -> None:
    (confined.root / "inbox").mkdir()
    with tempfile.NamedTemporaryFile(dir="/tmp", prefix="of-all-") as shared:
        os.chmod(shared.name, 0o666)  # noqa: PTH101
        done = run_confined(confined, sys.executable, "-I", "-c", ATTACKS, str(confined.root), shared.name)
    in_tmp = ["shared temporary files"] if settings(confined)["PrivateTmp"] == "no" else []  # Python itself is there
    assert (done.stdout.split("\n"), done.stderr) == ([*in_tmp, "mode 0o600", ""], "")


EXCHANGES = """
import os, pathlib, sys
root, program = map(pathlib.Path, sys.argv[1:])
for path in (program, *program.parents):
    if path == root: break
    try: os.rename(path, f"{path}-away")
    except OSError: continue
    print(path)
try: (root / "models" / "evil").mkdir()
except OSError: pass
else: print("model written")
"""


@needs_kernel
def test_no_program_in_a_written_folder_can_be_swapped_with_its_folder(confined: ServicePlan) -> None:
    program = confined.root / "tools" / "bin" / "ffmpeg"
    program.parent.mkdir(parents=True)
    program.write_text("", "utf-8")
    (confined.root / "models").mkdir()
    plan = replace(confined, programs=(*confined.programs, program))
    done = run_confined(plan, sys.executable, "-I", "-c", EXCHANGES, str(confined.root), str(program))
    assert (done.stdout, done.stderr) == ("", "")


def test_a_program_that_could_be_replaced_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plan = a_plan(root)
    (tmp_path / "elsewhere").mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    for program in (root / "outbox" / "ffmpeg", root / "work" / "bin" / "ffmpeg", root / "linked" / "ffmpeg", root):
        with pytest.raises(UsageError, match="compromised service could replace"):
            unit_text(replace(plan, programs=(program,)))
    with pytest.raises(UsageError, match=r"could replace .*config\.yaml"):
        unit_text(replace(plan, programs=(), writable=(tmp_path,)))
    unit_text(replace(plan, programs=(tmp_path / "elsewhere",)))


def test_the_script_of_a_hook_is_fixed_like_its_program(tmp_path: Path) -> None:
    script = tmp_path / "root" / "tell.sh"
    a_plan(tmp_path / "root").config_file.write_text(
        f'{LIGHT}notify: {{on_success: [sh, -e, "{script}", "{{id}}"]}}\n', "utf-8"
    )
    script.write_text("", "utf-8")
    assert f"-{script}" in settings(a_plan(tmp_path / "root"))["ReadOnlyPaths"].split()


SHARES = """
import os, pathlib, sys
from dropdub.files.privacy import share
outbox, original = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
(outbox / "job").mkdir(mode=0o700)
(outbox / "job" / "talk.srt").write_text("words")
for path in (outbox / "job" / "talk.srt", outbox / "job"):
    share(path, place=outbox, made_of=[original])
    info = path.stat()
    print(info.st_gid, oct(info.st_mode & 0o777))
"""
FAMILY = 54321


@needs_kernel
@pytest.mark.parametrize("outbox_mode", [0o755, 0o2775])
def test_the_service_shares_what_it_publishes_with_the_group_of_the_original(
    confined: ServicePlan, outbox_mode: int
) -> None:
    original, outbox = confined.root.parent / "talk.mp4", confined.root / "outbox"
    original.write_text("words", "utf-8")
    os.chown(original, 1234, FAMILY)
    original.chmod(0o640)
    outbox.mkdir()
    outbox.chmod(outbox_mode)
    more = f"SupplementaryGroups={FAMILY}\n"
    done = run_confined(confined, sys.executable, "-c", SHARES, str(outbox), str(original), more=more)
    assert (done.stdout.split("\n"), done.stderr) == ([f"{FAMILY} 0o640", f"{FAMILY} 0o750", ""], "")


@needs_kernel
@pytest.mark.timeout(120)
def test_the_service_works_under_all_its_restrictions(confined: ServicePlan) -> None:
    (confined.root / "inbox").mkdir()
    shutil.copy(SAMPLE, confined.root / "inbox")
    (confined.root / "inbox" / "note.txt").write_text("The dog is near our big house.", "utf-8")
    words = [*Unit(unit_text(confined)).command(), "--until-idle"]
    done = run_confined(confined, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (confined.root / "outbox" / "jfk" / "manifest.json").exists()
    made = [path for name in ("outbox", "work") for path in (confined.root / name).rglob("*")]
    assert made and [path for path in made if path.stat().st_mode & 0o077] == []
