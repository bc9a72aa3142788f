from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dropdub.errors import OutOfMemory, WorkerDied
from dropdub.process import (
    Child,
    Identity,
    MemoryReading,
    describe_exit,
    error_for_exit,
    identity_of,
    is_being_written,
    kill_group,
    read_memory,
    reap_survivors,
    same_process,
    shortage,
    spawn,
    tree_memory,
    trees,
)
from dropdub.process.identity import is_another
from dropdub.process.temporary import own_temporary_folder
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
"""A worker with a grandchild that ignores SIGTERM."""


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


def test_process_is_identified_by_boot_pid_and_start_time() -> None:
    me = identity_of()
    assert me is not None and me.pid == os.getpid() and same_process(me)
    assert Identity.from_json(me.to_json()) == me
    for other in (Identity(me.pid, me.started - 60, me.boot_id), Identity(me.pid, me.started, "another boot")):
        assert is_another(other) and not same_process(other)


def test_dead_process_has_no_identity() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    then = identity_of(done.pid)
    done.wait()
    assert identity_of(done.pid) is None
    assert then is not None and not same_process(then) and not is_another(then)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x"}', "null", "{"])
def test_damaged_record_is_not_an_identity(text: str) -> None:
    assert Identity.from_json(text) is None


def test_the_lock_is_held_until_the_last_descendant_is_dead(family: tuple[Child, psutil.Process]) -> None:
    child, grandchild = family
    child.process.kill()
    child.process.wait()
    assert is_held(child.lock_path)
    grandchild.kill()
    wait_until(lambda: not is_held(child.lock_path), "the lock to be free")


def test_killing_a_group_ends_all_its_processes(family: tuple[Child, psutil.Process]) -> None:
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


def test_process_that_reuses_a_pid_is_left_alone(family: tuple[Child, psutil.Process]) -> None:
    child, grandchild = family
    now = identity_of(child.process.pid)
    assert now is not None
    kill_group(Identity(now.pid, now.started - 3600, now.boot_id))
    assert child.process.poll() is None and not gone(grandchild)


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


def test_survivors_of_killed_daemon_are_ended_and_reported(run_dir: Path) -> None:
    daemon = subprocess.run(
        [sys.executable, "-c", ORPHANS, str(run_dir), FAMILY],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert daemon.returncode == -signal.SIGKILL, daemon.stderr
    orphans = [psutil.Process(int(pid)) for pid in daemon.stdout.split()]
    (run_dir / "old.lock").write_text("of a worker that is long dead", encoding="utf-8")
    output = reap_survivors(run_dir)
    assert sorted(output) == ["w1 outlived its daemon and was killed", "w2 outlived its daemon and was killed"]
    assert all(gone(orphan) for orphan in orphans) and len(orphans) == 4
    assert list(run_dir.iterdir()) == []


def test_lock_of_unknown_owner_is_waited_for_and_its_owner_never_killed(run_dir: Path) -> None:
    child = spawn(["cat"], lock_path=run_dir / "w.lock", environment=os.environ)
    (run_dir / "w.lock").write_text("{}", encoding="utf-8")
    with pytest.raises(WorkerDied, match="w of an earlier run is still alive"):
        reap_survivors(run_dir, timeout_s=0.2)
    assert child.process.poll() is None
    child.process.communicate(timeout=10)
    assert reap_survivors(run_dir) == []


def test_file_counts_as_being_written_while_open_for_writing(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux reports it")
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
    assert is_being_written(tmp_path / "absent") is None


def _refused(_pid: int) -> Iterator[int]:
    raise FileNotFoundError


@pytest.mark.parametrize("lists_children", [True, False])
def test_the_memory_of_a_tree_counts_its_children(monkeypatch: pytest.MonkeyPatch, lists_children: bool) -> None:
    if not lists_children:  # another system, or a kernel that keeps no such list
        monkeypatch.setattr(trees, "_below", _refused)
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
        (0, "exited without a result"),
        (3, "exited with code 3"),
        (-signal.SIGKILL, "killed (SIGKILL)"),
        (-signal.SIGSEGV, "SIGSEGV"),
        (-signal.SIGTERM, "SIGTERM"),
        (0xC0000409, "stack was corrupted"),
        (0xC0000005 - 2**32, "access violation") if sys.platform == "win32" else (0xC0000005, "access violation"),
        (0xC0001234, "0xC0001234"),
    ],
)
def test_exit_codes_are_described_in_words(code: int, said: str) -> None:
    assert said in describe_exit(code)
    assert said in error_for_exit(code).message


def test_kill_is_called_out_of_memory_only_if_there_is_evidence() -> None:
    killed = error_for_exit(-signal.SIGKILL, worker="transcribe worker")
    assert not isinstance(killed, OutOfMemory)
    assert killed.message.startswith("The transcribe worker was killed (SIGKILL): by another program, by a person")
    assert "system's log" in killed.remedy
    short = error_for_exit(-signal.SIGKILL, worker="transcribe worker", shortage="only 1 MB of 8 GB was free")
    assert isinstance(short, OutOfMemory)
    assert short.message.endswith("because memory ran out: only 1 MB of 8 GB was free.")


@pytest.mark.parametrize(
    ("before", "after", "used", "shown"),
    [
        ([(500, 0), (400, 0)], (500, 0), 100, None),
        ([(500, 0), (400, 0)], (500, 1), 100, "killed a program because memory ran out"),
        ([(500, 0), (400, 1)], (500, 1), 100, "killed a program because memory ran out"),
        ([(500, 7), (400, 7)], (500, 7), 100, None),
        ([(500, None), (400, None)], (500, None), 100, None),
        ([(500, None), (49, None)], (500, None), 100, "only 49 B of 1 kB was free"),
        ([(500, None), (50, None)], (10, None), 100, None),
        ([(500, None)], (500, None), 180, "it used 180 B, and its limit is 200 B"),
        ([(500, None)], (500, None), 179, None),
        ([], (500, 3), 0, None),
    ],
)
def test_memory_was_short_if_system_killed_little_was_free_or_worker_was_near_limit(
    before: list[tuple[int, int | None]], after: tuple[int, int | None], used: int, shown: str | None
) -> None:
    readings = [MemoryReading(available, 1000, kills) for available, kills in before]
    found = shortage(readings, MemoryReading(after[0], 1000, after[1]), used=used, limit=200)
    assert (found is None) if shown is None else (found is not None and shown in found)


def test_the_machines_memory_can_be_read() -> None:
    reading = read_memory()
    assert 0 < reading.available <= reading.total
    assert reading.kills is None or (sys.platform == "linux" and reading.kills >= 0)


def test_windows_out_of_memory_exit_codes_are_recognised() -> None:
    assert isinstance(error_for_exit(0xC0000017), OutOfMemory)
    assert not isinstance(error_for_exit(1), OutOfMemory)


def test_temporary_files_go_to_a_folder_of_the_process_and_end_with_it(run_dir: Path) -> None:
    with own_temporary_folder(run_dir) as folder:
        with tempfile.NamedTemporaryFile(delete=False) as made:
            assert Path(made.name).parent == folder
        reap_survivors(run_dir)
        assert folder.exists(), "the files of a live process were swept"
    assert not folder.exists() and Path(tempfile.gettempdir()) != folder


def test_temporary_files_of_killed_process_are_removed_by_next_start(run_dir: Path) -> None:
    script = textwrap.dedent("""
        import sys, tempfile, time
        from pathlib import Path
        from dropdub.process import own_temporary_folder
        with own_temporary_folder(Path(sys.argv[1])):
            print(tempfile.mkstemp()[1], flush=True)
            time.sleep(600)
    """)
    process = subprocess.Popen([sys.executable, "-c", script, str(run_dir)], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    process.kill()
    process.communicate(timeout=20)
    assert left.is_relative_to(run_dir) and left.exists()
    reap_survivors(run_dir)
    assert list(run_dir.iterdir()) == []


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
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "asked to stop\n"
    assert process.returncode == 0
