"""A program that this process started: what it is given, its output read in threads, its end with all of its tree."""

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
    """What is to be run, without a shell: the program and its arguments."""

    command: Sequence[str]
    folder: Path | None = None
    """Where it runs, if not where this process does."""
    environment: Mapping[str, str] | None = None
    """Its whole environment; if None, that of all children, which has no secrets."""
    given: bytes | None = None
    """Its standard input, which it need not read; if None, it has none."""
    encoding: str = "utf-8"
    """That of its output."""
    lock_path: Path | None = None
    """If set, it runs in a group of its own, and nothing that it started outlives it: not this process's death either,
    since all of them hold the lock, by which the next start finds and ends them. Otherwise it belongs to this process's
    group, inherits this process's own liveness lock, and what it leaves running stays."""

    @property
    def name(self) -> str:
        return Path(self.command[0]).stem


class Started:
    """A running program. Whoever starts it must call `end`, however the run goes."""

    def __init__(self, program: Program) -> None:
        """Raises OSError and ValueError if it cannot be started."""
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
        """Hand pieces of what it writes to `output` and `errors`, in threads: whole lines, or a part of a long one."""
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
        """Kill it with all that it has started."""
        kill_tree(self.pid)

    def end(self) -> None:
        """See that it is dead: with its tree if it still runs, and with its group if that is its own."""
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
        """Wait for the ends of its output, but not for ever: a stranger that inherited a pipe may keep it open."""
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
    with contextlib.suppress(OSError, ValueError), pipe:  # it need not read
        pipe.write(given)


def _read(pipe: IO[bytes], encoding: str, take: Take) -> None:
    with contextlib.suppress(OSError, ValueError), io.TextIOWrapper(pipe, encoding, errors="replace") as text:
        while piece := text.readline(LONGEST_LINE):
            take(piece)
