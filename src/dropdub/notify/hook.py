"""Run a user's command without a shell: with a deadline, output line by line, and no process left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dropdub.errors import DeadlineExceeded, HookFailed, NotDelivered
from dropdub.process.run import Program, run
from dropdub.units import format_duration

LONGEST_LINE = 500
"""Characters of a line that are passed on; the rest is dropped."""
MOST_LINES = 200


def run_hook(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    message: bytes,
    lock_path: Path,
    deadline_s: float,
    stopping: threading.Event,
    on_line: Callable[[str], None],
) -> None:
    """Run a command to its end, with `message` on its standard input; pass its output lines to `on_line`.

    The command and all its child processes are killed past the deadline and when `stopping` is set; children left
    behind at its end are killed as well. If the daemon dies, the next start finds and kills the command by its lock
    at `lock_path`.
    Raises HookFailed if the command cannot be started, fails or takes too long, NotDelivered if it was stopped.
    """
    name = Path(command[0]).name

    def look(_pid: int) -> None:
        if stopping.is_set():
            raise NotDelivered(f"{name} was stopped because Dropdub is stopping.")

    program = Program(command, environment=environment, given=message, lock_path=lock_path)
    try:
        ending = run(program, deadline_s=deadline_s, on_line=_limited(on_line), look=look, errors_too=True)
    except (OSError, ValueError) as error:
        raise HookFailed(f"{name} cannot be started: {error}.") from error
    except DeadlineExceeded as error:
        raise HookFailed(f"{name} did not end within {format_duration(deadline_s)}.") from error
    if ending.returncode != 0:
        raise HookFailed(f"{name} exited with code {ending.returncode}.")


def _limited(on_line: Callable[[str], None]) -> Callable[[str], None]:
    """Return a callback that passes on only the first `MOST_LINES` lines, so that output cannot fill the log."""
    left = [MOST_LINES]

    def pass_on(line: str) -> None:
        left[0] -= 1
        if left[0] >= 0 and line:
            on_line(line[:LONGEST_LINE])

    return pass_on
