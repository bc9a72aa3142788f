"""What the daemon reports to systemd, read from a real socket; and what the Task Scheduler's process leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dropdub.daemon.supervisor import BEAT_S
from dropdub.process import notify_service_manager
from dropdub.root import Root
from tests.waiting import wait_until

if sys.platform == "win32":
    pytest.skip("systemd and its sockets are not of Windows", allow_module_level=True)

PATIENCE_S = 30


class Ear:
    """The end of $NOTIFY_SOCKET that systemd has."""

    def __init__(self, heard: socket.socket) -> None:
        self._heard = heard

    def next(self) -> list[str]:
        return self._heard.recv(4096).decode().splitlines()

    def falls_silent(self) -> None:
        """Return once nothing was reported for longer than the daemon's interval between two signs of life."""
        self._heard.settimeout(2 * BEAT_S + 1)
        with pytest.raises(TimeoutError):
            while self.next():
                pass
        self._heard.settimeout(PATIENCE_S)

    def until(self, state: str) -> list[str]:
        """Return all states up to this one."""
        states: list[str] = []
        ends_at = time.monotonic() + PATIENCE_S
        while state not in states:
            assert time.monotonic() < ends_at, f"{state} was not reported, only {states}"
            states += self.next()
        return states


@pytest.fixture(params=["a file", "no file"])
def ear(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    """A notify socket, in the file system or in Linux's name space without files."""
    folder = Path(tempfile.mkdtemp(prefix="notify"))  # a socket's path may have 107 characters only
    abstract = request.param == "no file"
    if abstract and sys.platform != "linux":
        pytest.skip("only Linux has sockets without files")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{folder}/socket" if abstract else f"{folder}/socket")
        heard.settimeout(PATIENCE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", f"{'@' if abstract else ''}{folder}/socket")
        yield Ear(heard)
    shutil.rmtree(folder)


@contextmanager
def watching(root: Root, *module: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", *(module or ("dropdub",)), "--root", str(root.path), "watch"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


def test_states_reach_the_listener(ear: Ear) -> None:
    notify_service_manager("READY=1", "STATUS=Here")
    assert ear.next() == ["READY=1", "STATUS=Here"]


def test_nothing_fails_if_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "absent"))
    notify_service_manager("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify_service_manager("READY=1")


def test_a_daemon_reports_that_it_is_ready_alive_and_stopping(ear: Ear, root: Root) -> None:
    with watching(root) as daemon:
        before = ear.until("READY=1")
        assert before == ["READY=1"]
        assert set(ear.until("WATCHDOG=1") + ear.until("WATCHDOG=1")) == {"WATCHDOG=1"}
        daemon.send_signal(signal.SIGTERM)
        assert ear.until("STOPPING=1")[-1] == "STOPPING=1"
        assert daemon.wait(PATIENCE_S) == 0


def test_a_daemon_that_cannot_write_its_heartbeat_gives_no_sign_of_life(ear: Ear, root: Root) -> None:
    with watching(root):
        ear.until("WATCHDOG=1")
        with sqlite3.connect(root.database_file, timeout=PATIENCE_S) as rival:
            rival.execute("BEGIN EXCLUSIVE")
            ear.falls_silent()
            rival.rollback()
        ear.until("WATCHDOG=1")


def test_a_daemon_that_waits_for_its_database_does_not_report_stopping(ear: Ear, root: Root) -> None:
    """systemd kills whatever has said so once TimeoutStopSec is over."""
    with watching(root, "tests.service.impatient") as daemon:
        assert daemon.stdout is not None
        ear.until("WATCHDOG=1")
        with sqlite3.connect(root.database_file, timeout=PATIENCE_S) as rival:
            rival.execute("BEGIN EXCLUSIVE")
            while b"Retrying in" not in daemon.stdout.readline():
                assert daemon.poll() is None
            rival.rollback()
        assert "STOPPING=1" not in ear.until("READY=1")
        daemon.send_signal(signal.SIGTERM)
        assert ear.until("STOPPING=1")[-1] == "STOPPING=1"
        assert daemon.wait(PATIENCE_S) == 0


def test_a_stop_requested_while_the_daemon_waits_for_its_database_takes_effect(root: Root) -> None:
    with watching(root, "tests.service.impatient") as daemon:
        assert daemon.stdout is not None and b"Watching" in daemon.stdout.readline()
        with sqlite3.connect(root.database_file, timeout=PATIENCE_S, isolation_level=None) as rival:
            rival.execute("BEGIN EXCLUSIVE")
            while b"Retrying in" not in daemon.stdout.readline():
                assert daemon.poll() is None
            rival.execute("INSERT INTO control (key, value) VALUES ('stop', ?)", (str(daemon.pid),))
            rival.execute("COMMIT")
        assert daemon.wait(PATIENCE_S) == 0


def test_a_process_without_streams_works_and_logs_its_crash(root: Root) -> None:
    log = root.logs_dir / "service.log"
    with watching(root, "dropdub.windowless", str(log)) as daemon:
        wait_until((root.logs_dir / "dropdub.log").exists, "the daemon's own log")
        daemon.send_signal(signal.SIGABRT)
        assert daemon.wait(PATIENCE_S) == -signal.SIGABRT
        assert daemon.stdout is not None and daemon.stdout.read() == b""
    said = log.read_text("utf-8")
    assert f"started as process {daemon.pid}" in said and "Fatal Python error: Aborted" in said


def test_a_log_that_has_grown_large_is_truncated(root: Root) -> None:
    log = root.logs_dir / "service.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 1_100_000)
    root.config_file.write_text("nonsense: 1\n", "utf-8")
    with watching(root, "dropdub.windowless", str(log)) as daemon:
        assert daemon.wait(PATIENCE_S) == 2
    assert "nonsense" in log.read_text("utf-8") and log.stat().st_size < 10_000


def test_an_interpreter_without_standard_streams_can_run_the_daemon(root: Root) -> None:
    """As under pythonw: descriptors 0 to 2 are closed, sys.stdout is None."""
    log = root.logs_dir / "service.log"
    command = [sys.executable, "-m", "dropdub.windowless", str(log), "--root", str(root.path), "watch", "--until-idle"]
    closed = 'exec "$@" 0<&- 1>&- 2>&-'
    done = subprocess.run(["sh", "-c", closed, "sh", *command], check=False, timeout=60, env={**os.environ})
    assert done.returncode == 0, log.read_text("utf-8")
