"""Lives of the daemon that cost no start: forks of one process that has everything imported and its engines loaded.

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
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from dropdub import failpoints
from dropdub.daemon import main as runs
from dropdub.daemon import supervisor
from dropdub.daemon.steps import pools
from dropdub.failpoints import TRACE_VARIABLE, VARIABLE
from tests.acceptance.site import Site
from tests.chaos.answers import asked_for, keep_answers
from tests.chaos.inline_pool import InlinePool

BROKE = 3
WITHOUT_VARIABLE = "DROPDUB_WITHOUT"
ALONE_VARIABLE = "DROPDUB_ALONE"
"""The key of the step that a fork of the life is to run: its worker dies alone."""


@dataclass(frozen=True)
class Wanted:
    """One life. `environment`: what would be in that of a daemon with a process of its own."""

    root: str
    environment: dict[str, str]
    limit_s: int


class Lives:
    """The process that forks lives, at the other end of two pipes."""

    def __init__(self, warm_up: Sequence[Path]) -> None:
        """Live once in each root of `warm_up`, and remember what engines and tools answer there."""
        command = [sys.executable, "-m", "tests.chaos.lives", *map(str, warm_up)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._turn = threading.Lock()

    def live(self, wanted: Wanted) -> int:
        """Return the exit code of a life; negative is the signal that ended it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        with self._turn:
            stdin.write(json.dumps(asdict(wanted)) + "\n")
            stdin.flush()
            return int(stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class ForkedSite(Site):
    """A root whose daemon is a fork of a process that is warm."""

    def __init__(self, path: Path, lives: Lives, **settings: Any) -> None:
        super().__init__(path, **settings)
        self.lives = lives

    def work_off(self, *, timeout_s: float = 240, prefix: Sequence[str] = (), **environment: str) -> int:
        code = self.lives.live(Wanted(str(self.root), environment, int(timeout_s)))
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
    """Fork a life for each line of standard input, and answer with its exit code."""
    answers = _own_output()
    _make_quick()
    for root in warm_up:
        _live(Path(root))
    assert {"run", "_words"} <= asked_for, f"a stand-in is not where the program calls: {asked_for}"
    left = [thread.name for thread in threading.enumerate()]
    assert left == ["MainThread"], f"threads that a fork would not have: {left}"
    gc.freeze()  # else each fork copies what it only looks through
    for line in sys.stdin:
        answers.write(f"{_forked(Wanted(**json.loads(line)))}\n")
        answers.flush()


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
    signal.alarm(wanted.limit_s)
    failpoints.restart(given.get(VARIABLE, ""), given.get(TRACE_VARIABLE, ""))
    InlinePool.alone = given.get(ALONE_VARIABLE)
    if WITHOUT_VARIABLE in given:
        from tests.chaos.unsafe import sitecustomize as unsafe

        getattr(unsafe, f"without_{given[WITHOUT_VARIABLE]}")()
    output = os.open(Path(wanted.root) / "daemon.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _live(root: Path) -> int:
    """Return the exit code that the command `dropdub watch --until-idle` would end with."""
    summary = runs.run_daemon(root, until_idle=True, report=lambda sentence: print(sentence, flush=True))
    return 1 if summary.failed else 0


def _own_output() -> IO[Any]:
    """Take standard output for the answers alone: what lives print goes to standard error."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


if __name__ == "__main__":
    main(sys.argv[1:])
