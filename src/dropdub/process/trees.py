"""Process trees, with psutil; processes that died meanwhile are ignored."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

Number = TypeVar("Number", int, float)

GONE_WITHIN_S = 3.0
_LISTS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children")
"""Exists if the kernel lists each thread's children (CONFIG_PROC_CHILDREN)."""


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
    """Return the resident memory of a process and its descendants, in bytes. Cheap enough to call every few seconds."""
    return _sum(pid, _resident, 0)


def tree_cpu_s(pid: int) -> float:
    """Return the CPU time that a process and its descendants have used, in seconds; 0 if the process is gone.

    It includes that of children that have ended, except on Windows, where it falls when a child ends.
    """
    return _sum(pid, _cpu_s, 0.0)


def _sum(pid: int, read: Callable[[int], Number], start: Number) -> Number:
    try:
        return sum(map(read, _below(pid)), start)
    except OSError:  # it is not Linux, its kernel does not list children, or the process is gone
        return sum((read(process.pid) for process in descendants(pid)), start)


def _below(pid: int) -> Iterator[int]:
    """Yield a process and its descendants, as Linux lists them.

    psutil looks for them among all processes of the machine, which takes a hundred times as long on a busy one. Raises
    OSError if there is no such list.
    """
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = (thread / "children").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            if not _LISTS_CHILDREN.exists():
                raise
            continue  # the thread has ended
        for child in children.split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield from _below(int(child))


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.Error:
        return


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _cpu_s(pid: int) -> float:
    try:
        return float(sum(psutil.Process(pid).cpu_times()[:4]))
    except psutil.Error:
        return 0.0
