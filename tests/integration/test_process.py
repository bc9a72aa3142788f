from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.errors import OutOfMemory, WorkerDied
from dropdub.process import (
    Child,
    Identity,
    describe_exit,
    error_for_exit,
    identity_of,
    inherited_fds,
    is_being_written,
    kill_group,
    reap_survivors,
    same_process,
    spawn,
    tree_memory,
)
from dropdub.process.identity import is_another
from tests.waiting import wait_until

if sys.platform == "win32":
    pytest.skip("these are the ways of POSIX; those of Windows need Windows", allow_module_level=True)

from dropdub.process.posix import is_held

FAMILY = """
import os, signal, subprocess, sys, time
from dropdub.process import inherited_fds
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", deaf], pass_fds=inherited_fds(), stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""
"""A worker with a grandchild that does not heed SIGTERM."""


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def family(run_dir: Path) -> Iterator[tuple[Child, psutil.Process]]:
    child = spawn([sys.executable, "-c", FAMILY], lock_path=run_dir / "worker.lock", environment=os.environ)
    assert child.process.stdout is not None
    grandchild = psutil.Process(int(child.process.stdout.readline()))
    yield child, grandchild
    for process in (grandchild, psutil.Process(child.process.pid) if child.process.poll() is None else grandchild):
        if process.is_running():
            process.kill()
    child.process.communicate(timeout=10)


def gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_process_is_known_by_boot_pid_and_start_time() -> None:
    me = identity_of()
    assert me is not None and me.pid == os.getpid() and same_process(me)
    assert Identity.from_json(me.to_json()) == me
    for other in (Identity(me.pid, me.started - 60, me.boot_id), Identity(me.pid, me.started, "another boot")):
        assert is_another(other) and not same_process(other)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a start time does not move with the clock")
def test_a_process_is_the_same_after_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    me = identity_of()
    booted = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted + 3600)
    assert me is not None and same_process(me) and not is_another(me)


def test_a_process_that_nobody_has_waited_for_yet_is_dead_all_the_same() -> None:
    done = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    then = identity_of(done.pid)
    assert then is not None and same_process(then)
    done.kill()
    wait_until(lambda: psutil.Process(done.pid).status() == psutil.STATUS_ZOMBIE, "the process to be a zombie")
    assert not same_process(then)
    done.communicate()


def test_of_a_dead_process_there_is_no_identity() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    then = identity_of(done.pid)
    done.wait()
    assert identity_of(done.pid) is None
    assert then is not None and not same_process(then) and not is_another(then)


DAMAGED = [
    b"",
    b"{}",
    b"[]",
    b'{"pid": "x"}',
    b"null",
    b"{",
    b"\x00" * 60,
    b"\xff\xfe\xff",
    b'{"pid": 1e999, "started": 1, "boot_id": ""}',
    b'{"pid": 7, "started": NaN, "boot_id": ""}',
    b'{"pid": 0, "started": 1, "boot_id": ""}',
    b'{"pid": -1, "started": 1, "boot_id": ""}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_record_is_nobodys_identity(data: bytes) -> None:
    assert Identity.from_json(data) is None


@given(st.binary() | st.text().map(str.encode))
def test_whatever_a_record_holds_reading_it_raises_nothing(data: bytes) -> None:
    found = Identity.from_json(data)
    assert found is None or found.pid > 0


def test_the_lock_is_held_until_the_last_descendant_is_dead(family: tuple[Child, psutil.Process]) -> None:
    child, grandchild = family
    child.process.kill()
    child.process.wait()
    assert is_held(child.lock_path)
    grandchild.kill()
    wait_until(lambda: not is_held(child.lock_path), "the lock to be free")


def test_killing_a_group_ends_the_whole_family(family: tuple[Child, psutil.Process]) -> None:
    child, grandchild = family
    identity = identity_of(child.process.pid)
    assert identity is not None
    kill_group(identity)
    assert child.process.wait(10) == -signal.SIGKILL
    wait_until(lambda: gone(grandchild), "the grandchild to be dead")


def test_killing_the_group_of_a_dead_leader_ends_its_children(family: tuple[Child, psutil.Process]) -> None:
    child, grandchild = family
    identity = identity_of(child.process.pid)
    assert identity is not None
    child.process.kill()
    child.process.wait()
    assert not gone(grandchild)
    kill_group(identity)
    wait_until(lambda: gone(grandchild), "the grandchild to be dead")


def test_a_process_that_has_the_number_of_another_is_left_alone(family: tuple[Child, psutil.Process]) -> None:
    child, grandchild = family
    now = identity_of(child.process.pid)
    assert now is not None
    kill_group(Identity(now.pid, now.started - 3600, now.boot_id))
    assert child.process.poll() is None and not gone(grandchild)


APART = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
"""A worker whose child has a session, and so a group, of its own."""


def test_killing_a_group_ends_children_that_went_into_a_session_of_their_own(run_dir: Path) -> None:
    child = spawn([sys.executable, "-c", APART], lock_path=run_dir / "w.lock", environment=os.environ)
    assert child.process.stdout is not None
    apart = psutil.Process(int(child.process.stdout.readline()))
    identity = identity_of(child.process.pid)
    assert identity is not None
    kill_group(identity)
    wait_until(lambda: gone(apart), "the child in its own session to be dead")
    child.process.communicate(timeout=10)


def test_a_record_that_names_no_process_kills_nothing() -> None:
    script = textwrap.dedent("""
        from dropdub.process import Identity, boot_id, kill_group
        for pid in (0, 1, -1):
            kill_group(Identity(pid, 0.0, boot_id()))
        print("alive")
    """)
    command = [sys.executable, "-c", script]
    told = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True, timeout=20)
    assert told.stdout == "alive\n", told.stderr


ENDS = """
import subprocess, sys
from dropdub.process import end_self_and_children
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
print(subprocess.Popen(sleep).pid, subprocess.Popen(sleep, start_new_session=True).pid, flush=True)
input()
end_self_and_children()
"""


@pytest.mark.parametrize("leads", [True, False])
def test_a_worker_ends_itself_and_its_children_and_nobody_else_of_its_group(leads: bool) -> None:
    script = ENDS if leads else NOT_LEADING
    process = subprocess.Popen(
        [sys.executable, "-c", script, ENDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    children = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
    said, _ = process.communicate("\n", timeout=20)
    wait_until(lambda: all(map(gone, children)), "the children to be dead")
    assert (process.returncode, said) == ((-signal.SIGKILL, "") if leads else (0, "alive\n"))


NOT_LEADING = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]])
print("alive", flush=True)
"""


def test_a_program_that_cannot_be_started_leaves_nothing_behind(run_dir: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        spawn(["/absent"], lock_path=run_dir / "w.lock", environment=os.environ)
    assert list(run_dir.iterdir()) == []


def test_where_the_record_cannot_be_written_the_process_is_ended(run_dir: Path, monkeypatch: Any) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("dropdub.process.posix.os.write", full)
    with pytest.raises(OSError, match="No space"):
        spawn(["sleep", "600"], lock_path=run_dir / "w.lock", environment=os.environ)
    assert not [child for child in psutil.Process().children() if not gone(child) and child.name() == "sleep"]
    assert list(run_dir.iterdir()) == []


@pytest.mark.parametrize("value", ["", "x", "-1", "999999"])
def test_a_descriptor_that_is_not_there_is_not_handed_on(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DROPDUB_LIVENESS_FD", value)
    assert inherited_fds() == ()


ORPHANS = """
import os, sys
from pathlib import Path
from dropdub.process import spawn
run_dir, script = Path(sys.argv[1]), sys.argv[2]
command = [sys.executable, "-c", script]
children = [spawn(command, lock_path=run_dir / f"w{n}.lock", environment=os.environ) for n in "12"]
for child in children:
    print(child.process.stdout.readline().decode().strip(), child.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_what_outlived_a_killed_daemon_is_ended_and_told_of(run_dir: Path) -> None:
    daemon = subprocess.run(
        [sys.executable, "-c", ORPHANS, str(run_dir), FAMILY], capture_output=True, text=True, check=False, timeout=60
    )
    assert daemon.returncode == -signal.SIGKILL, daemon.stderr
    orphans = [psutil.Process(int(pid)) for pid in daemon.stdout.split()]
    (run_dir / "old.lock").write_text("of a worker that is long dead", encoding="utf-8")
    told = reap_survivors(run_dir)
    assert sorted(told) == ["w1 outlived its daemon and was ended", "w2 outlived its daemon and was ended"]
    assert all(gone(orphan) for orphan in orphans) and len(orphans) == 4
    assert list(run_dir.iterdir()) == []


@pytest.mark.parametrize("record", [b"{}", b"\xff\xfe"])
def test_a_lock_of_unknown_owner_is_waited_for_and_never_killed(run_dir: Path, record: bytes) -> None:
    child = spawn(["cat"], lock_path=run_dir / "w.lock", environment=os.environ)
    (run_dir / "w.lock").write_bytes(record)
    with pytest.raises(WorkerDied, match="w of an earlier run still lives"):
        reap_survivors(run_dir, timeout_s=0.2)
    assert child.process.poll() is None
    child.process.communicate(timeout=10)
    assert reap_survivors(run_dir) == []


def test_a_file_is_being_written_as_long_as_somebody_has_it_open_to_write(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells")
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"x")
    assert is_being_written(file) is False
    with file.open("rb"):
        assert is_being_written(file) is False
    script = "import sys; f = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    writer = subprocess.Popen([sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    assert is_being_written(file) is True
    writer.communicate(timeout=10)
    assert is_being_written(file) is False


def test_of_what_is_no_file_nobody_knows_whether_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    assert [is_being_written(tmp_path / name) for name in ("absent", "folder", "link", "pipe")] == [None] * 4


def test_the_memory_of_a_tree_counts_its_children() -> None:
    script = textwrap.dedent("""
        import subprocess, sys
        held = bytearray(b"x" * 50_000_000)
        grown = "held = bytearray(b'x' * 50_000_000); print(1, flush=True); input()"
        child = subprocess.Popen([sys.executable, "-c", grown], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdout.readline(); print(1, flush=True); input(); child.communicate(b"\\n")
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    assert tree_memory(parent.pid) > 100_000_000
    parent.communicate(b"\n", timeout=20)
    assert tree_memory(parent.pid) == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "ended without a result"),
        (3, "ended with code 3"),
        (-signal.SIGKILL, "memory ran out"),
        (-signal.SIGSEGV, "SIGSEGV"),
        (-signal.SIGTERM, "SIGTERM"),
        (0xC0000409, "damaged stack"),
        (0xC0000005 - 2**32, "access violation") if sys.platform == "win32" else (0xC0000005, "access violation"),
        (0xC0001234, "0xC0001234"),
    ],
)
def test_exit_codes_are_told_in_words(code: int, said: str) -> None:
    assert said in describe_exit(code)
    assert said in error_for_exit(code).message


def test_a_kill_from_outside_and_the_codes_of_windows_count_as_out_of_memory() -> None:
    assert isinstance(error_for_exit(-signal.SIGKILL), OutOfMemory)
    assert isinstance(error_for_exit(0xC0000017), OutOfMemory)
    assert not isinstance(error_for_exit(1), OutOfMemory)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_stop_only_sets_a_flag(number: int) -> None:
    script = textwrap.dedent("""
        import threading
        from dropdub.process import install_stop_handlers
        asked = threading.Event()
        install_stop_handlers(asked.set)
        print("ready", flush=True)
        while not asked.wait(0.05): pass
        print("asked to stop")
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "asked to stop\n"
    assert process.returncode == 0
