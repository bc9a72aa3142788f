"""Places where a test can make the program die, hang or fail.

Off by default and then free of cost; enabled only by environment variables, never by a setting.

`DROPDUB_FAILPOINTS=PLACE=ACTION[@FLAGFILE][;PLACE=ACTION…]`. A place is NAME; or ROLE.NAME, in processes with this role
only (`daemon`, `worker`, `web`); or ROLE.NAME#N: the N-th time that such a process reaches it. Actions: `kill` (SIGKILL
to itself), `hang`, `slow` (a few seconds), `stop` (SIGSTOP to itself), `eat` (memory, endlessly), `full` (no space
left), `denied` (no permission), `break` (an unexpected exception).
With a flag file, only the process that creates the file takes the action: as long as the file exists, none does.
`DROPDUB_FAILPOINTS_TRACE=FILE` logs every place that is reached, with pid and monotonic time, so that a harness can try
them all and see what ran concurrently.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections import Counter
from pathlib import Path

VARIABLE = "DROPDUB_FAILPOINTS"
TRACE_VARIABLE = "DROPDUB_FAILPOINTS_TRACE"
_PAUSES_S = {"hang": 3600.0, "slow": 4.0}


def _parse(text: str) -> dict[str, tuple[str, str]]:
    pairs = (item.split("=", 1) for item in text.split(";") if "=" in item)
    return {name: (action.partition("@")[0], action.partition("@")[2]) for name, action in pairs}


_active = _parse(os.environ.get(VARIABLE, ""))
_trace = os.environ.get(TRACE_VARIABLE, "")
_times: Counter[str] = Counter()
_role = "daemon"


def set_role(role: str) -> None:
    """Set the role of this process: `daemon` or `worker`."""
    global _role  # noqa: PLW0603  one fact about the whole process
    _role = role


def restart(failpoints: str, trace: str) -> None:
    """Restart counting with new values of the two variables, like a new process."""
    global _active, _trace
    _active, _trace = _parse(failpoints), trace
    _times.clear()


def reach(name: str) -> None:
    """Take the action that the environment sets for this place; usually none."""
    if _active or _trace:
        _reached(name, f"{_role}.{name}")


def _reached(name: str, full: str) -> None:
    _times[full] += 1
    place = f"{full}#{_times[full]}"
    if _trace:
        with Path(_trace).open("a", encoding="utf-8") as trace:
            trace.write(f"{place} {os.getpid()} {time.monotonic():.6f}\n")
    for known in (name, full, place):
        if known in _active:
            _act(*_active[known])


def _act(action: str, flag: str) -> None:
    if flag and not _first(Path(flag)):
        return
    if action == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if action == "stop":
        os.kill(os.getpid(), getattr(signal, "SIGSTOP", signal.SIGTERM))
    if action == "eat":
        _eat()
    if action == "break":
        raise RuntimeError("broken on purpose \udc80")
    if action in _PAUSES_S:
        time.sleep(_PAUSES_S[action])
    code = {"full": errno.ENOSPC, "denied": errno.EACCES}.get(action)
    if code is not None:
        raise OSError(code, os.strerror(code))


def _eat() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(b"x" * 20_000_000))
        time.sleep(0.05)


def _first(flag: Path) -> bool:
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
