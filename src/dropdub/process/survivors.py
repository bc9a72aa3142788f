"""Find processes that outlived a dead daemon by the locks that they hold, and kill them before work starts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from dropdub.errors import WorkerDied
from dropdub.files.removal import remove
from dropdub.process.identity import Identity
from dropdub.process.temporary import sweep_temporary

if sys.platform == "win32":
    from dropdub.process.windows import is_held, kill_group
else:
    from dropdub.process.posix import is_held, kill_group

POLL_S = 0.05


def reap_survivors(run_dir: Path, *, timeout_s: float = 10.0) -> list[str]:
    """Kill every process that holds a lock in `run_dir`, delete locks and temporary folders; return a message for each.

    A process is killed only if boot, pid and start time match the recorded ones; other holders of a lock are waited
    for. Raises WorkerDied if any are still alive after `timeout_s`.
    """
    ended = []
    for lock_path in sorted(run_dir.glob("*.lock")):
        if is_held(lock_path):
            _end(lock_path, time.monotonic() + timeout_s)
            ended.append(f"{lock_path.stem} outlived its daemon and was killed")
        remove(lock_path)
    sweep_temporary(run_dir)
    return ended


def _end(lock_path: Path, deadline: float) -> None:
    identity = _recorded(lock_path)
    while is_held(lock_path):
        if identity is not None:
            kill_group(identity)
        if time.monotonic() > deadline:
            raise WorkerDied(
                f"{lock_path.stem} of an earlier run is still alive{f' (process {identity.pid})' if identity else ''}.",
                remedy="Kill that process, then start again.",
            )
        time.sleep(POLL_S)


def _recorded(lock_path: Path) -> Identity | None:
    try:
        return Identity.from_json(lock_path.read_text(encoding="utf-8"))
    except OSError:
        return None
