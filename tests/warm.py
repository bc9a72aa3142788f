"""Commands of the program, and a daemon's workers, as real processes without start-up time: forks of a process that has
imported everything.

`python -m tests.warm SOCKET` forks them; `run` and `start` ask it to. A command has its own process, environment,
folder, standard streams, session and exit code, as it would have after an `exec`; a worker has its pipes and its
liveness lock, too. What differs: it did not import its modules itself, its parent is the forking process, and its
command line and first environment, as /proc shows them, are that process's. So tests about imports, start times,
memory, or command lines start their processes.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import hashlib
import importlib
import io
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import psutil

from dropdub.process import Identity, identity_of, same_process
from tests.waiting import wait_until

IMPORTED = (
    *("dropdub.cli", "dropdub.operations", "dropdub.doctor", "dropdub.daemon", "dropdub.service", "dropdub.stages"),
    *("dropdub.engines.espeak", "dropdub_light"),
)
IMPORTED_TOO = ("dropdub.worker", "pocketsphinx")
WORKERS_VARIABLE = "DROPDUB_TESTS_FORK_WORKERS"
"""The socket of the forking process, in the environment of a daemon whose workers it is to fork."""
SITE_VARIABLE = "DROPDUB_SITE"
"""The root that a process is about, in its environment: by it, all of a root's processes are found."""
IS_POSSIBLE = hasattr(os, "fork")
AT_START = ("PYTHON", "LD_", "COVERAGE")
"""Prefixes of the variables that an interpreter follows at start: if they differ, the command is not forked."""
_READY_S = 240
"""It imports the whole program, as those of other test processes do at the same time."""
_MOST_DESCRIPTORS = 4


class Command:
    """A running process, with the part of `subprocess.Popen` that tests and the pool use."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers.makefile("r", encoding="ascii")
        self._socket = answers
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._socket], [], [], 0)[0]:
            self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._socket], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self._end()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end(self) -> None:
        self.returncode = int(self._answers.readline())
        self._answers.close()
        self._socket.close()


def start(
    arguments: Sequence[str],
    *,
    stdout: IO[Any],
    stderr: IO[Any],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    start_new_session: bool = False,
) -> Command | subprocess.Popen[bytes]:
    """Start `dropdub ARGUMENTS...` with nothing to read from standard input."""
    environment = dict(os.environ if env is None else env)
    if not IS_POSSIBLE or _startup(environment) != _startup(os.environ):
        return subprocess.Popen(
            [sys.executable, "-m", "dropdub", *arguments],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment, cwd=cwd,
            start_new_session=start_new_session,
        )  # fmt: skip
    wanted = {
        "program": "dropdub",
        "arguments": list(arguments),
        "env": environment,
        "cwd": str(cwd or Path.cwd()),
        "own": start_new_session,
    }
    with Path(os.devnull).open("rb") as nothing:
        return _asked(_forking(), wanted, [nothing.fileno(), stdout.fileno(), stderr.fileno()])


def forked_for(site: Path) -> list[psutil.Process]:
    """Return what was forked for a root and is still there; /proc shows another environment of it."""
    if not _forking.cache_info().currsize:
        return []
    file = _noted(Path(_forking()), site)
    lines = file.read_text("ascii").splitlines() if file.exists() else []
    found = []
    for forked in filter(None, map(Identity.from_json, lines)):
        with contextlib.suppress(psutil.Error):
            found += [psutil.Process(forked.pid)] if same_process(forked) else []
    return found


def _noted(address: Path, site: Path) -> Path:
    """Return the file, beside the socket, in which the processes that are forked for a root are noted."""
    return address.with_name(hashlib.sha256(os.fsencode(site)).hexdigest())


def forking_workers() -> dict[str, str]:
    """Return the variable that lets a daemon, if it is forked itself, have its workers forked, too."""
    return {WORKERS_VARIABLE: _forking()} if IS_POSSIBLE else {}


def _asked(path: str, wanted: Mapping[str, Any], descriptors: Sequence[int]) -> Command:
    """Ask the forking process for one; its descriptors are the standard streams, and any others it is to inherit."""
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(path)
    asked.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
    asked.sendall(json.dumps(wanted).encode() + b"\n")
    return Command(asked)


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 180,
) -> subprocess.CompletedProcess[str]:
    """Run `dropdub ARGUMENTS...` and return its exit code and what it wrote."""
    with tempfile.TemporaryFile() as written, tempfile.TemporaryFile() as complained:
        command = start(arguments, stdout=written, stderr=complained, env=env, cwd=cwd)
        try:
            code = command.wait(timeout)
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait(10)
            raise
        texts = [_read(file) for file in (written, complained)]
    return subprocess.CompletedProcess(["dropdub", *arguments], code, texts[0], texts[1])


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return io.TextIOWrapper(io.BytesIO(file.read()), encoding="utf-8").read()


def _startup(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(AT_START)}


@cache
def _forking() -> str:
    """Start the forking process of this test process; return the path of its socket. It ends with its parent."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    path = str(folder / "socket")
    command = [sys.executable, "-m", "tests.warm", path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[1])
    atexit.register(_end, process, folder)

    def is_ready() -> bool:
        assert process.poll() is None, "the forking process has ended"
        return Path(path).exists()

    wait_until(is_ready, "the forking process to be ready", timeout_s=_READY_S)
    return path


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(60)
    shutil.rmtree(folder, ignore_errors=True)


# -- the forking process ----------------------------------------------------------------------------------------------


def serve(path: str) -> None:
    """Fork a command for each connection until standard input ends; write its pid and, later, its exit code to it.

    What is still running then is killed: a test process that was killed itself has not ended its daemons.
    """
    from dropdub.engines.offers import installed_offers
    from dropdub.languages import detect_text_language

    for name in IMPORTED_TOO:
        with contextlib.suppress(ImportError):  # a package of an extra
            importlib.import_module(name)
    for package in IMPORTED:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    installed_offers()  # imports the engines
    detect_text_language("A sentence.")  # loads its model
    gc.freeze()  # otherwise each fork copies what it only scans
    assert threading.active_count() == 1, "a fork would lack these threads"
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{path}.new")
    listener.listen(64)
    Path(f"{path}.new").rename(path)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready = select.select([0, listener, reading], [], [])[0]
        if reading in ready:
            os.read(reading, 4096)
            _report_ended(waiting)
        if listener in ready:
            connection = listener.accept()[0]
            pid = _forked(Path(path), connection, [listener, *waiting.values()])
            if pid is not None:
                waiting[pid] = connection
        if 0 in ready and not os.read(0, 1):
            for forked in waiting:  # none of them was waited for, so these are their numbers
                os.kill(forked, signal.SIGKILL)
            return


def _popen_forked(
    arguments: Sequence[str], *, env: Mapping[str, str], pass_fds: Sequence[int], **how: Any
) -> Command | subprocess.Popen[bytes]:
    """Stand in for `subprocess.Popen` where a daemon that was forked itself starts its workers."""
    if arguments[-2] != "dropdub.worker":
        return subprocess.Popen(arguments, env=env, pass_fds=pass_fds, **how)
    wanted = {
        "program": "worker",
        "arguments": [arguments[-1]],
        "env": dict(env),
        "cwd": str(how["cwd"] or Path.cwd()),
        "own": how["start_new_session"],
    }
    (given, stdin), (stdout, written), (stderr, complained) = os.pipe(), os.pipe(), os.pipe()
    process = _asked(os.environ[WORKERS_VARIABLE], wanted, [given, written, complained, *pass_fds])
    process.stdin, process.stdout, process.stderr = (
        os.fdopen(stdin, "wb"),
        os.fdopen(stdout, "rb"),
        os.fdopen(stderr, "rb"),
    )
    for theirs in (given, written, complained):
        os.close(theirs)
    return process


def _report_ended(waiting: dict[int, socket.socket]) -> None:
    for pid in list(waiting):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with waiting.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _forked(address: Path, connection: socket.socket, others: Sequence[socket.socket]) -> int | None:
    """Fork what is asked for and return its pid; None if the process that asks was killed before it had asked."""
    streams, line = _received(connection)
    if not line.endswith(b"\n"):
        for stream in streams:
            os.close(stream)
        connection.close()
        return None
    wanted: dict[str, Any] = json.loads(line)
    pid = os.fork()
    if pid == 0:
        for one in (connection, *others):
            one.close()
        _become(wanted, streams)
    for stream in streams:
        os.close(stream)
    if (site := wanted["env"].get(SITE_VARIABLE)) and (identity := identity_of(pid)):
        with _noted(address, Path(site)).open("a", encoding="ascii") as noted:
            noted.write(f"{identity.to_json()}\n")
    with contextlib.suppress(OSError):
        connection.sendall(f"{pid}\n".encode())
    return pid


def _received(connection: socket.socket) -> tuple[array.array[int], bytes]:
    """Return the descriptors that are sent, and the line after them, as far as they arrive."""
    streams, line = array.array("i"), b""
    with contextlib.suppress(ConnectionError):
        _, rights, *_ = connection.recvmsg(1, socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS))
        for _level, _kind, sent in rights:
            streams.frombytes(sent)
        with connection.makefile("rb") as lines:
            line = lines.readline()
    return streams, line


def _become(wanted: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Run a command in this process, as its interpreter would, and end with its exit code."""
    code = 1
    try:
        _take_over(wanted, streams)
        code = _exit_code(wanted["program"], wanted["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _take_over(wanted: Mapping[str, Any], streams: Sequence[int]) -> None:
    from dropdub import failpoints
    from dropdub.process import posix

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if wanted["own"]:
        os.setsid()
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["env"])
    standard, inherited = streams[:3], streams[3:]
    for number, stream in enumerate(standard):
        os.dup2(stream, number)
    for stream in standard:
        os.close(stream)
    for lock in inherited:
        os.environ[posix.LOCK_VARIABLE] = str(lock)
        os.set_inheritable(lock, True)
    tempfile.tempdir = None
    if WORKERS_VARIABLE in os.environ:
        posix.subprocess = SimpleNamespace(Popen=_popen_forked, PIPE=subprocess.PIPE)  # type: ignore[assignment]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    time.tzset()
    failpoints.restart(os.environ.get(failpoints.VARIABLE, ""), os.environ.get(failpoints.TRACE_VARIABLE, ""))


def _exit_code(program: str, arguments: Sequence[str]) -> int:
    from dropdub import worker
    from dropdub.cli.app import main

    sys.argv = [program, *arguments]
    try:
        if program == "worker":
            worker.main(*arguments)
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return int(end.code or 0)
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
