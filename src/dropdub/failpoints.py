"""Places where a test makes the program die, hang or fail. Free when off; on only by environment, never by a setting.

`DROPDUB_FAILPOINTS=NAME=ACTION[@FLAGFILE][;NAME=ACTION…]`. Actions: `kill` (SIGKILL to itself), `hang`, `full` (no
space left), `denied` (no permission). With a flag file the action is taken once: by who creates the file.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

VARIABLE = "DROPDUB_FAILPOINTS"


def _parse(text: str) -> dict[str, tuple[str, str]]:
    pairs = (item.split("=", 1) for item in text.split(";") if "=" in item)
    return {name: (action.partition("@")[0], action.partition("@")[2]) for name, action in pairs}


_active = _parse(os.environ.get(VARIABLE, ""))


def reach(name: str) -> None:
    """Do what the environment says is to happen at this place; usually nothing."""
    if _active and name in _active:
        _act(*_active[name])


def _act(action: str, flag: str) -> None:
    if flag and not _first(Path(flag)):
        return
    if action == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if action == "hang":
        time.sleep(3600)
    code = {"full": errno.ENOSPC, "denied": errno.EACCES}.get(action)
    if code is not None:
        raise OSError(code, os.strerror(code))


def _first(flag: Path) -> bool:
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
