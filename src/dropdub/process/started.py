"""A program that this process started: its input and output, handled in threads, and its end, with its whole tree."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dropdub.files.removal import remove
from dropdub.process.environment import child_environment
from dropdub.process.identity import identity_of
from dropdub.process.trees import kill_tree

if sys.platform == "win32":
    from dropdub.process.windows import Child, inherited_fds, kill_group, spawn

    NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    from dropdub.process.posix import Child, inherited_fds, kill_group, spawn

    NO_WINDOW = 0

LONGEST_LINE = 4096
DRAIN_S = 2.0
DEATH_S = 5.0
Take = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """A program and its arguments, to be run without a shell."""

    command: Sequence[str]
    folder: Path | None = None
    """Its working folder; None: the current one of this process."""
    environment: Mapping[str, str] | None = None
    """Its whole environment; None: that of `child_environment`, which has no secrets."""
    given: bytes | None = None
    """Its standard input, which it need not read; None: no input."""
    encoding: str = "utf-8"
    """The encoding of its output."""
    lock_path: Path | None = None
    """If set, the program runs in its own process group, and nothing that it started outlives it. All of them hold this
    lock, so that the next start finds and kills them if this process dies. If None, the program belongs to this
    process's group and inherits its liveness lock, and processes that it leaves running stay.
    """

    @property
    def name(self) -> str:
        return Path(self.command[0]).stem


class Started:
    """A running program. The caller must call `end` in any case."""

    def __init__(self, program: Program) -> None:
        """Start the program. Raises OSError and ValueError if it cannot be started."""
        self._lock_path = program.lock_path
        self._encoding = program.encoding
        self._child = _in_own_group(program, program.lock_path) if program.lock_path else None
        self._process = self._child.process if self._child else _in_our_group(program)
        self._identity = identity_of(self._process.pid) if self._child else None
        self._threads: list[threading.Thread] = []
        self._has_ended = False
        if self._process.stdin is not None:
            self._in_thread(_write, self._process.stdin, program.given or b"")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return its exit status; None while it runs."""
        return self._process.poll()

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def read(self, *, output: Take | None, errors: Take) -> None:
        """Call `output` and `errors` from threads with what it writes: whole lines, or parts of a long line."""
        assert self._process.stderr is not None
        self._in_thread(_read, self._process.stderr, self._encoding, errors)
        if output is not None:
            self._in_thread(_read, self.output, self._encoding, output)

    def reading(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self) -> int:
        """Return its exit status once it has ended."""
        return self._process.wait()

    def kill(self) -> None:
        """Kill it and everything it has started."""
        kill_tree(self.pid)

    def end(self) -> None:
        """Ensure that it is dead: kill its tree if it is still running, and its group if it has its own."""
        if self._has_ended:
            return
        self._has_ended = True
        if self._identity is not None:
            kill_group(self._identity)
        elif self._process.poll() is None:
            self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(DEATH_S)
        if self._child is not None:
            self._child.release()
        if self._lock_path is not None:
            remove(self._lock_path)

    def drain(self) -> None:
        """Wait for the end of its output, at most `DRAIN_S`: a process that inherited a pipe may keep it open."""
        ends_at = time.monotonic() + DRAIN_S
        for thread in self._threads:
            thread.join(max(ends_at - time.monotonic(), 0))

    def _in_thread(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="program", daemon=True)
        self._threads.append(thread)
        thread.start()


def _in_own_group(program: Program, lock_path: Path) -> Child:
    environment = child_environment() if program.environment is None else program.environment
    try:
        return spawn(program.command, lock_path=lock_path, environment=environment, folder=program.folder)
    except (OSError, ValueError):
        remove(lock_path)
        raise


def _in_our_group(program: Program) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(program.command),
        cwd=program.folder,
        env=child_environment() if program.environment is None else program.environment,
        stdin=subprocess.DEVNULL if program.given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=inherited_fds(),
        creationflags=NO_WINDOW,
    )


def _write(pipe: IO[bytes], given: bytes) -> None:
    with contextlib.suppress(OSError, ValueError), pipe:  # the program need not read its input
        pipe.write(given)


def _read(pipe: IO[bytes], encoding: str, take: Take) -> None:
    with contextlib.suppress(OSError, ValueError), io.TextIOWrapper(pipe, encoding, errors="replace") as text:
        while piece := text.readline(LONGEST_LINE):
            take(piece)
