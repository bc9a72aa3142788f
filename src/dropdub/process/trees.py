"""Whole trees of processes, by psutil, tolerant of what has died meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psutil

GONE_WITHIN_S = 3.0
POLL_S = 0.01


def descendants(pid: int) -> list[psutil.Process]:
    """Return a process and all below it, the deepest last; empty where it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except (psutil.Error, ValueError, OverflowError):
        return []


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants, and wait a little for the descendants to be dead.

    The process itself is for its parent to wait for: to wait here would take its exit code away.
    """
    kill_all(descendants(pid))


def kill_all(processes: Sequence[psutil.Process]) -> None:
    """Kill processes as `descendants` gave them, and wait a little until all but the first are dead.

    One that is dead and not noticed by its parent counts as dead: whoever adopted it may never notice.
    """
    kill_each(processes)
    ends_at = time.monotonic() + GONE_WITHIN_S
    while any(map(_lives, processes[1:])) and time.monotonic() < ends_at:
        time.sleep(POLL_S)


def kill_each(processes: Sequence[psutil.Process]) -> None:
    """Kill processes without waiting for their end."""
    for process in processes:
        _kill(process)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


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
