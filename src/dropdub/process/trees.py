"""Process trees, with psutil; processes that died meanwhile are ignored."""

from __future__ import annotations

import psutil

GONE_WITHIN_S = 3.0


def descendants(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants, the deepest last; empty if the process is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def is_alive(pid: int) -> bool:
    """Return whether the process with this pid is alive; a zombie is not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants, and wait up to `GONE_WITHIN_S` for the descendants to be gone.

    The process itself must be waited for by its parent: waiting here would discard its exit code.
    """
    processes = descendants(pid)
    for process in processes:
        _kill(process)
    psutil.wait_procs(processes[1:], timeout=GONE_WITHIN_S)


def tree_memory(pid: int) -> int:
    """Return the resident memory of a process and its descendants, in bytes."""
    return sum(_resident(process) for process in descendants(pid))


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.Error:
        return


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
