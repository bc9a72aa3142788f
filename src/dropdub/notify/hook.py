"""One run of a person's own program: no shell, a deadline, its output line by line, nothing of it left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dropdub.errors import DeadlineExceeded, HookFailed, NotDelivered
from dropdub.process.run import Program, run
from dropdub.units import format_duration

LONGEST_LINE = 500
"""Characters of a line that are handed on; the rest of it is left out."""
MOST_LINES = 200


def run_hook(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    message: bytes,
    lock_path: Path,
    deadline_s: float,
    stopping: threading.Event,
    told: Callable[[str], None],
) -> None:
    """Run a program to its end, with `message` on its standard input; hand the lines that it says to `told`.

    It is ended with all that it started: past the deadline, when `stopping` is set, and what it left behind at its
    own end. A daemon that dies leaves its lock in `lock_path`, by which the next start ends it.
    Raises HookFailed if it cannot be started, fails or takes too long, NotDelivered if it was stopped.
    """
    name = Path(command[0]).name

    def look(_pid: int) -> None:
        if stopping.is_set():
            raise NotDelivered(f"{name} was stopped with Dropdub.")

    program = Program(command, environment=environment, given=message, lock_path=lock_path)
    try:
        ending = run(program, deadline_s=deadline_s, on_line=_limited(told), look=look, errors_too=True)
    except (OSError, ValueError) as error:
        raise HookFailed(f"{name} cannot be started: {error}.") from error
    except DeadlineExceeded as error:
        raise HookFailed(f"{name} did not end within {format_duration(deadline_s)}.") from error
    if ending.returncode != 0:
        raise HookFailed(f"{name} ended with {ending.returncode}.")


def _limited(told: Callable[[str], None]) -> Callable[[str], None]:
    """Return what hands on the first lines only; a program that talks without end fills no log."""
    left = [MOST_LINES]

    def hand_on(line: str) -> None:
        left[0] -= 1
        if left[0] >= 0 and line:
            told(line[:LONGEST_LINE])

    return hand_on
