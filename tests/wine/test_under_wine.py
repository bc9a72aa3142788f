"""Dropdub on a real Windows CPython under Wine: what can be seen there without Windows itself.

Wine is not faithful in memory limits, CTRL_BREAK, the limit of 260 characters, sessions and the Task Scheduler.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import xmlschema

from tests.waiting import wait_until
from tests.wine.conftest import REPOSITORY, Windows, on_windows

pytestmark = [pytest.mark.wine, pytest.mark.slow, pytest.mark.timeout(2400)]
PATIENCE_S = 800
"""It shares two cores with all other tests."""
SCHEMA = REPOSITORY / "tests" / "data" / "taskscheduler" / "TaskSchedulerV2Schema.xsd"
ASK_TO_STOP = """
import sys
from dropdub.store import transitions
from dropdub.store.database import Store
store = Store.open("sqlite:///" + sys.argv[1] + "\\\\jobs.db")
transitions.request_stop(store)
store.close()
"""


@pytest.fixture
def root(windows: Windows, tmp_path: Path) -> Path:
    path = tmp_path / "Os meus vídeos"
    made = windows.run("-m", "dropdub", "init", on_windows(path), timeout_s=PATIENCE_S)
    assert made.returncode == 0, made.stdout + made.stderr
    config = path / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("# preload: true", "preload: false"), "utf-8")
    return path


@contextlib.contextmanager
def daemon(windows: Windows, root: Path, *module: str, windowless: bool = False) -> Iterator[subprocess.Popen[str]]:
    words = ["-m", *(module or ("dropdub",)), "--root", on_windows(root), "watch"]
    process = windows.start(*words, windowless=windowless)
    log = root / "work" / "logs" / "dropdub.log"
    try:
        wait_until(lambda: started(process, log), "the daemon to be up", timeout_s=PATIENCE_S)
        yield process
    finally:
        windows.end_all()
        process.communicate(timeout=PATIENCE_S)


def started(process: subprocess.Popen[str], log: Path) -> bool:
    assert process.poll() is None, process.stdout.read() if process.stdout else ""
    return log.exists() and "run started" in log.read_text("utf-8")


def ask_to_stop(windows: Windows, root: Path) -> None:
    asked = windows.run("-c", ASK_TO_STOP, on_windows(root), timeout_s=PATIENCE_S)
    assert asked.returncode == 0, asked.stdout + asked.stderr


def test_assumptions_about_windows_hold(windows: Windows) -> None:
    given = (
        "-p",
        "no:cacheprovider",
        "--rootdir",
        on_windows(REPOSITORY),
        "-c",
        on_windows(REPOSITORY / "pyproject.toml"),
    )
    done = windows.run("-m", "pytest", *given, on_windows(REPOSITORY / "tests" / "windows"), timeout_s=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) >= 20, done.stdout


def test_texts_of_any_name_are_processed(windows: Windows, root: Path) -> None:
    names = ["Ação 世界 🎬.txt", "Notes.txt", "notes.txt", f"{'long ' * 24}.txt"]
    for number, name in enumerate(names):
        (root / "inbox" / name).write_text(f"This is letter number {number}, and it is short.", "utf-8")
    done = windows.jobs(root, "watch", "--until-idle", timeout_s=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    manifests = list((root / "outbox").glob("*/manifest.json"))
    assert len({path.parent.name.casefold() for path in manifests}) == len(manifests) == len(names)
    assert len(list((root / "outbox").glob("*/*.m4a"))) == len(names)
    assert list((root / "inbox").iterdir()) == []
    shown = windows.jobs(root, "status", timeout_s=PATIENCE_S)
    assert shown.returncode == 0 and "Ação 世界 🎬.txt" in shown.stdout


def test_a_second_daemon_is_refused_and_the_first_ends_on_request(windows: Windows, root: Path) -> None:
    with daemon(windows, root) as first:
        second = windows.jobs(root, "watch", timeout_s=PATIENCE_S)
        assert second.returncode == 1 and "Dropdub is already running on" in second.stderr
        ask_to_stop(windows, root)
        assert first.wait(PATIENCE_S) == 0


def test_the_tasks_program_works_without_window_and_streams_and_leaves_nothing_alive(
    windows: Windows, root: Path
) -> None:
    log = root / "work" / "logs" / "service.log"
    with daemon(windows, root, "dropdub.windowless", on_windows(log), windowless=True) as process:
        (root / "inbox" / "letter.txt").write_text("This is a letter, and it is short.", "utf-8")
        done = root / "outbox" / "letter" / "manifest.json"
        wait_until(done.exists, "the letter to be read aloud", timeout_s=PATIENCE_S)
        ask_to_stop(windows, root)
        assert process.wait(PATIENCE_S) == 0
    wait_until(lambda: alive(windows) == [], "all processes to be gone")
    assert "started as process" in log.read_text("utf-8")


def alive(windows: Windows) -> list[psutil.Process]:
    """Return the processes of this Windows Python."""
    home = str(windows.folder / "py")
    return [one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [""])[0].startswith(home)]


def test_the_task_to_be_installed_follows_the_schema(windows: Windows, root: Path) -> None:
    shown = windows.jobs(root, "service", "install", "--dry-run", timeout_s=PATIENCE_S)
    assert shown.returncode == 0, shown.stderr
    task = ET.fromstring(shown.stdout[shown.stdout.index("<Task ") : shown.stdout.index("</Task>") + len("</Task>")])
    xmlschema.XMLSchema11(SCHEMA).validate(task)
    said = {element.tag.partition("}")[2]: element.text or "" for element in task.iter()}
    assert said["Command"].endswith("\\pythonw.exe") and "\\" in said["UserId"]
    assert said["WorkingDirectory"] == on_windows(root)
    assert f'"{on_windows(root)}\\work\\logs\\service.log"' in said["Arguments"]
