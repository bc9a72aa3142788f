"""Commands of the program as real processes that need no start: forks of a process that has imported everything.

`python -m tests.warm SOCKET` forks them; `run` and `start` ask it to. A command has its own process, environment,
folder, standard streams, session and exit code, as it would have after an `exec`. What differs: it did not import
its modules itself, and its command line and first environment, as /proc shows them, are those of the forking process.
So tests about imports, start times, or who is found in /proc use `subprocess` themselves.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
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
from typing import IO, Any

IMPORTED = ("dropdub.cli", "dropdub.operations", "dropdub.doctor", "dropdub.daemon", "dropdub.service")
IS_POSSIBLE = hasattr(os, "fork")
AT_START = ("PYTHON", "LD_", "COVERAGE")
"""Beginnings of the variables that an interpreter obeys at its start: if they differ, the command is not forked."""
_READY_S = 60


class Command:
    """A running command, with the methods of `subprocess.Popen` that tests use."""

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
    wanted = {"arguments": list(arguments), "env": environment, "cwd": str(cwd or Path.cwd()), "own": start_new_session}
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(_forking())
    streams = array.array("i", [stdout.fileno(), stderr.fileno()])
    asked.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
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
    ends_at = time.monotonic() + _READY_S
    while not Path(path).exists():
        assert process.poll() is None and time.monotonic() < ends_at, "the forking process did not get ready"
        time.sleep(0.02)
    return path


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


# -- the forking process ----------------------------------------------------------------------------------------------


def serve(path: str) -> None:
    """Fork a command for each connection until standard input ends; write its pid and, later, its exit code to it."""
    for package in IMPORTED:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    gc.freeze()  # else each fork copies what it only looks through
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
            pid = _forked(connection, [listener, *waiting.values()])
            waiting[pid] = connection
        if 0 in ready and not os.read(0, 1):
            return


def _report_ended(waiting: dict[int, socket.socket]) -> None:
    for pid in list(waiting):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with waiting.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _forked(connection: socket.socket, others: Sequence[socket.socket]) -> int:
    _, rights, *_ = connection.recvmsg(1, socket.CMSG_SPACE(8))
    streams = array.array("i")
    streams.frombytes(rights[0][2])
    with connection.makefile("rb") as lines:
        wanted: dict[str, Any] = json.loads(lines.readline())
    pid = os.fork()
    if pid == 0:
        for one in (connection, *others):
            one.close()
        _become(wanted, streams)
    for stream in streams:
        os.close(stream)
    with contextlib.suppress(OSError):
        connection.sendall(f"{pid}\n".encode())
    return pid


def _become(wanted: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Run a command in this process, as its interpreter would, and end with its exit code."""
    code = 1
    try:
        _take_over(wanted, streams)
        code = _exit_code(wanted["arguments"])
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

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if wanted["own"]:
        os.setsid()
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["env"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, *streams)):
        os.dup2(stream, number)
    for stream in (nothing, *streams):
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    time.tzset()
    failpoints.restart(os.environ.get(failpoints.VARIABLE, ""), os.environ.get(failpoints.TRACE_VARIABLE, ""))


def _exit_code(arguments: Sequence[str]) -> int:
    from dropdub.cli.app import main

    sys.argv = ["dropdub", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return int(end.code or 0)
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
