"""Lives of the daemon without start-up time: forks of one process with everything imported and its engines loaded.

A life is the whole supervisor, its threads included, with its workers in the same process (`InlinePool`). It dies by a
real SIGKILL: no `finally` runs, the kernel takes locks, files and threads. `python -m tests.chaos.lives` forks them.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dropdub import failpoints
from dropdub.daemon import main as runs
from dropdub.daemon import supervisor
from dropdub.daemon.steps import pools
from dropdub.failpoints import TRACE_VARIABLE, VARIABLE
from tests.acceptance.site import Site
from tests.chaos.answers import asked_for, keep_answers
from tests.chaos.disk_states import STATES_VARIABLE, note_states
from tests.chaos.inline_pool import InlinePool

BROKE = 3
WITHOUT_VARIABLE = "DROPDUB_WITHOUT"
ALONE_VARIABLE = "DROPDUB_ALONE"
"""Failpoints by the key of the step that a fork of the life runs, so that only its worker dies, as JSON."""


@dataclass(frozen=True)
class Wanted:
    """One life. `environment`: what would be in that of a daemon with a process of its own."""

    id: int
    root: str
    environment: dict[str, str]
    limit_s: int


class Lives:
    """The process that forks lives, several at once, at the other end of two pipes."""

    def __init__(self, warm_up: Sequence[Path]) -> None:
        """Live once in each root of `warm_up`, and remember what engines and tools answer there."""
        command = [sys.executable, "-m", "tests.chaos.lives", *map(str, warm_up)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._codes: dict[int, Future[int]] = {}
        self._turn = threading.Lock()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def live(self, root: Path, environment: dict[str, str], limit_s: int) -> int:
        """Return the exit code of a life; negative is the signal that ended it."""
        assert self._process.stdin is not None
        code: Future[int] = Future()
        with self._turn:
            number = len(self._codes)
            self._codes[number] = code
            self._process.stdin.write(json.dumps(asdict(Wanted(number, str(root), environment, limit_s))) + "\n")
            self._process.stdin.flush()
        return code.result()

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._listener.join()
        self._process.stdout.close()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            number, code = map(int, line.split())
            self._codes[number].set_result(code)
        for unanswered in self._codes.values():
            if not unanswered.done():
                unanswered.set_exception(RuntimeError("the process that forks lives is gone"))


class ForkedSite(Site):
    """A root whose daemon is a fork of a process that is warm."""

    def __init__(self, path: Path, lives: Lives, **settings: Any) -> None:
        super().__init__(path, **settings)
        self.lives = lives

    def work_off(self, *, timeout_s: float = 240, prefix: Sequence[str] = (), **environment: str) -> int:
        code = self.lives.live(self.root, environment, int(timeout_s))
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired("a life", timeout_s)
        return code


@contextmanager
def forking(warm_up: Sequence[Path]) -> Iterator[Lives]:
    lives = Lives(warm_up)
    try:
        yield lives
    finally:
        lives.close()


def main(warm_up: Sequence[str]) -> None:
    """Fork a life for each line of standard input, and answer with its number and exit code."""
    answers = _own_output()
    _make_quick()
    for root in warm_up:
        _live(Path(root))
    assert {"run", "_words"} <= asked_for, f"a stand-in is not where the program calls: {asked_for}"
    left = [thread.name for thread in threading.enumerate()]
    assert left == ["MainThread"], f"threads that a fork would not have: {left}"
    gc.freeze()  # otherwise each fork copies what it only scans
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for lives
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            wanted = Wanted(**json.loads(line))
            os.write(answers, f"{wanted.id} {_forked(wanted)}\n".encode())
            os._exit(0)


def _make_quick() -> None:
    supervisor.LOOK_EVERY_S = 0.0
    supervisor.LONGEST_TURN_S = 0.02
    pools.Pool = InlinePool  # type: ignore[misc,assignment]
    keep_answers()


def _forked(wanted: Wanted) -> int:
    child = os.fork()
    if child == 0:
        try:
            _become(wanted)
            os._exit(_live(Path(wanted.root)))
        except BaseException:
            traceback.print_exc()
            os._exit(BROKE)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _become(wanted: Wanted) -> None:
    """Take over what a process of its own would read from its environment at its start."""
    given = wanted.environment
    gc.disable()  # it would scan, and so copy, what a life shares with the process it is forked from
    signal.alarm(wanted.limit_s)
    failpoints.restart(given.get(VARIABLE, ""), given.get(TRACE_VARIABLE, ""))
    if STATES_VARIABLE in given:
        note_states(Path(wanted.root), Path(given[STATES_VARIABLE]))
    InlinePool.alone = json.loads(given.get(ALONE_VARIABLE, "{}"))
    if WITHOUT_VARIABLE in given:
        from tests.chaos.unsafe import sitecustomize as unsafe

        getattr(unsafe, f"without_{given[WITHOUT_VARIABLE]}")()
    output = os.open(Path(wanted.root) / "daemon.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _live(root: Path) -> int:
    """Return the exit code that the command `dropdub watch --until-idle` would end with."""
    summary = runs.run_daemon(root, runs.Watching(until_idle=True), report=lambda sentence: print(sentence, flush=True))
    return 1 if summary.failed else 0


def _own_output() -> int:
    """Take standard output for the answers alone: what lives print goes to standard error."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return pipe


if __name__ == "__main__":
    main(sys.argv[1:])
