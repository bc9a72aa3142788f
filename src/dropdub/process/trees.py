"""Whole trees of processes, by psutil, tolerant of what has died meanwhile."""

from __future__ import annotations

import psutil

GONE_WITHIN_S = 3.0


def descendants(pid: int) -> list[psutil.Process]:
    """Return a process and all below it, the deepest last; empty where it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def lives(pid: int) -> bool:
    """Return whether a process of this number is alive; one that has ended and is not waited for yet is not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants, and wait a little for the descendants to be gone.

    The process itself is for its parent to wait for: to wait here would take its exit code away.
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
