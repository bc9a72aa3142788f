"""What Dropdub assumes about Windows, verified on Windows (or on Wine: tests/wine runs these there)."""

from __future__ import annotations

import contextlib
import ctypes
import getpass
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

if sys.platform != "win32":
    pytest.skip("these are the ways of Windows; tests/wine runs them where Wine is", allow_module_level=True)

from dropdub import process
from dropdub.files import durable, removal
from dropdub.files.ownership import own_account
from dropdub.inbox.file_identity import identity
from dropdub.inbox.move_file import StillWritten
from dropdub.inbox.moves import bring_in
from dropdub.inbox.recorded_files import Wanted
from dropdub.mounts import network_kind
from dropdub.notify import placeholders
from dropdub.service.accounts import is_superuser
from dropdub.service.users import sid_of
from dropdub.service.windows import folder_of_definitions
from dropdub.web.serving import listening
from tests.waiting import wait_until

GENERIC_READ, OPEN_EXISTING, SHARE_NOTHING = 0x80000000, 3, 0
FAMILY = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
"""


def test_definitions_for_all_are_where_only_administrators_write(monkeypatch: pytest.MonkeyPatch) -> None:
    meant = Path(os.environ["PROGRAMFILES"])
    monkeypatch.setenv("PROGRAMFILES", str(Path.home()))
    assert folder_of_definitions(for_all=True) == meant and meant.is_dir()
    assert folder_of_definitions(for_all=False).is_relative_to(Path.home())


def test_an_account_is_known_by_its_sid() -> None:
    assert sid_of("NT AUTHORITY\\SYSTEM") == "S-1-5-18" and sid_of("nobody of that name") is None
    assert is_superuser("NT AUTHORITY\\SYSTEM") and not is_superuser("nobody of that name")
    assert (sid_of(getpass.getuser()) or "").startswith("S-1-5-21-")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file as a virus scanner does: nobody else may open, rename or delete it."""
    kernel = ctypes.WinDLL("kernel32")
    kernel.CreateFileW.restype = ctypes.c_void_p
    handle = kernel.CreateFileW(str(path), GENERIC_READ, SHARE_NOTHING, None, OPEN_EXISTING, 0, None)
    assert handle != ctypes.c_void_p(-1).value
    try:
        yield
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))


@contextmanager
def held_for_a_moment(path: Path) -> Iterator[None]:
    """Hold a file until somebody has been refused access to it."""
    taken, refused = threading.Event(), threading.Event()

    def scan() -> None:
        with held(path):
            taken.set()
            refused.wait(30)

    threading.Thread(target=scan, daemon=True).start()
    assert taken.wait(30)
    timer = threading.Timer(0.5, refused.set)
    timer.start()
    yield
    assert refused.is_set(), "it was not held"


def test_a_file_that_a_scanner_holds_is_deleted_once_it_is_let_go(tmp_path: Path) -> None:
    file = tmp_path / "temporary"
    file.write_bytes(b"x")
    with held_for_a_moment(file):
        removal.remove(file)
    assert not file.exists()


def test_a_file_that_a_scanner_holds_is_renamed_once_it_is_let_go(tmp_path: Path) -> None:
    file = tmp_path / "result.part"
    file.write_bytes(b"x")
    with held_for_a_moment(file):
        durable.rename(file, tmp_path / "result")
    assert (tmp_path / "result").read_bytes() == b"x"


def test_a_tree_with_a_held_file_is_removed_once_it_is_let_go(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "one").write_bytes(b"x")
    with held_for_a_moment(folder / "one"):
        removal.remove_tree(folder)
    assert not folder.exists()


def test_read_only_files_are_removed_too(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for file in (tmp_path / "alone", folder / "within"):
        file.write_bytes(b"x")
        file.chmod(0o400)
    removal.remove(tmp_path / "alone")
    removal.remove_tree(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_still_being_copied_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"x")
    wanted = Wanted(path=file, name="clip.mp4", expected=identity(file))
    assert process.is_being_written(file) is False
    with held(file):
        assert process.is_being_written(file) is True
        with pytest.raises(StillWritten):
            bring_in(wanted, tmp_path / "source")
    bring_in(wanted, tmp_path / "source")
    assert (tmp_path / "source" / "clip.mp4").read_bytes() == b"x"


def test_a_long_name_fits_twice_if_paths_are_limited_to_260_characters() -> None:
    if durable.NAME_MAX_BYTES == 255:
        pytest.skip("long paths are switched on here")
    name = durable.numbered(f"{'n' * 300}.pt.srt", 1)
    root = "C:\\" + "r" * 37
    assert len(f"{root}\\outbox\\{name}\\{name}") < 260


@pytest.mark.parametrize(
    "name", ["con", "NUL.txt", "aux.tar.gz", "com1", "Lpt9.srt", "a.", "b ", "x:y", "q?.txt", "COM¹"]
)
def test_a_reserved_windows_name_becomes_a_file_of_that_folder(tmp_path: Path, name: str) -> None:
    file = tmp_path / durable.safe_name(name)
    file.write_bytes(b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name] and file.stat().st_size == 1


def test_names_that_differ_only_in_case_do_not_collide(tmp_path: Path) -> None:
    (tmp_path / "Clip.mp4").write_bytes(b"one")
    (tmp_path / durable.free_name(tmp_path, "clip.MP4")).write_bytes(b"other")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_job_object_that_is_closed_ends_the_whole_tree(tmp_path: Path) -> None:
    child = process.spawn([sys.executable, "-c", FAMILY], lock_path=tmp_path / "w.lock", environment=os.environ)
    with child.process:
        assert child.process.stdout is not None
        grandchild = int(child.process.stdout.readline())
        assert psutil.pid_exists(grandchild)
        child.release()
    wait_until(lambda: not psutil.pid_exists(grandchild), "the grandchild to be dead")


ORPHANS = """
import os, sys
from pathlib import Path
from dropdub.process import contain_self, spawn
contain_self()
child = spawn([sys.executable, "-c", "input()"], lock_path=Path(sys.argv[1]), environment=os.environ)
print(child.process.pid, flush=True)
input()
"""


def test_a_killed_daemon_leaves_no_worker(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(tmp_path / "w.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as daemon:
        assert daemon.stdout is not None
        worker = int(daemon.stdout.readline())
        assert psutil.pid_exists(worker)
        daemon.kill()
    wait_until(lambda: not psutil.pid_exists(worker), "the worker to be dead")


def test_children_get_an_interpreter_with_streams_and_the_service_one_without_a_window() -> None:
    assert Path(process.console_python()).name == "python.exe"
    assert Path(process.windowless_python()).name == "pythonw.exe"


def test_the_account_is_given_with_its_domain(tmp_path: Path) -> None:
    domain, _, name = process.account_for(tmp_path).partition("\\")
    assert domain and name


def test_a_windows_exit_code_is_explained_in_a_sentence() -> None:
    code = "import ctypes; ctypes.windll.kernel32.ExitProcess(0xC0000409)"
    done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, check=False)
    assert "stack was corrupted" in process.describe_exit(done.returncode)


def test_a_share_is_recognised_by_its_name() -> None:
    assert network_kind(Path(r"\\server\share\inbox")) == "network share"
    assert network_kind(Path.cwd()) is None


def access_rules(path: Path) -> str:
    """Return a file's list of who may access it, in the text form of Windows (SDDL)."""
    security, kernel = ctypes.WinDLL("advapi32"), ctypes.WinDLL("kernel32")
    kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    descriptor, text = ctypes.c_void_p(), ctypes.c_void_p()
    assert not security.GetNamedSecurityInfoW(str(path), 1, 4, None, None, None, None, ctypes.byref(descriptor))
    assert security.ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor, 1, 4, ctypes.byref(text), None
    )  # fmt: skip
    found = ctypes.wstring_at(text.value or 0)
    kernel.LocalFree(text)
    kernel.LocalFree(descriptor)
    return found


def test_a_private_file_is_for_this_account_administrators_and_the_system_only(tmp_path: Path) -> None:
    durable.write_whole(tmp_path / "web.token", b"secret", private=True)
    own = own_account()
    assert own is not None and (tmp_path / "web.token").read_bytes() == b"secret"
    entries = access_rules(tmp_path / "web.token").replace("0x1f01ff", "FA").replace(")", "").split("(")[1:]
    assert f"A;;FA;;;{own}" in entries
    assert set(entries) <= {f"A;;FA;;;{who}" for who in ("SY", "BA", own)}, "Wine keeps no entry of administrators"


def test_no_other_program_can_share_the_port() -> None:
    sockets = listening.listen("127.0.0.1", 0)
    port = listening.port_of(sockets)
    with pytest.raises(listening.PortTaken), contextlib.closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError):
            other.bind(("127.0.0.1", port))
        listening.listen("127.0.0.1", port)
    for one in sockets:
        one.close()


ARGUMENTS_WITHOUT_UNICODE = """
import ctypes
line = ctypes.windll.kernel32.GetCommandLineA
line.restype = ctypes.c_char_p
print(ascii(line().decode("mbcs")))
"""


def test_a_name_with_full_width_quotes_stays_one_argument_of_a_program_without_unicode() -> None:
    """It reads its command line in the old code page, in which such a quote becomes a plain one."""
    name = "a＂ --output=b ＂.txt"
    given = placeholders.arguments([sys.executable, "-c", ARGUMENTS_WITHOUT_UNICODE, "{name}"], {"name": name})
    read = subprocess.run(given, capture_output=True, encoding="ascii", check=True).stdout
    plain = name.encode("mbcs", "replace").decode("mbcs")
    assert ascii(subprocess.list2cmdline([plain])).strip("'") in read
