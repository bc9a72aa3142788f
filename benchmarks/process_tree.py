"""The memory of a tree of processes, and the CPU time of each of its branches, while it runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psutil

EVERY_S = 0.2
MB = 1e6


class TreeWatch:
    """Samples a process and its descendants until it is closed.

    `peak_mb` is the highest sum of memory. On Linux, memory is PSS: what several processes share is divided among them,
    so that it counts once; elsewhere it is RSS. `branches_s` has the CPU seconds, user and system, of each child with
    what it started, by the last word of its command: for workers of the program, that is their pool. A branch lacks
    what it did after the last sample, at most `EVERY_S`.
    """

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._by_child: dict[tuple[int, float], tuple[str, float]] = {}
        self._over = threading.Event()

    @property
    def branches_s(self) -> dict[str, float]:
        total: dict[str, float] = {}
        for name, cpu_s in self._by_child.values():
            total[name] = total.get(name, 0.0) + cpu_s
        return total

    @contextlib.contextmanager
    def on(self, pid: int) -> Iterator[None]:
        """Sample the tree of process `pid` during the block."""
        thread = threading.Thread(target=self._sample_until_over, args=(pid,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _sample_until_over(self, pid: int) -> None:
        while not self._over.is_set():
            with contextlib.suppress(psutil.Error):
                self._sample(psutil.Process(pid))
            self._over.wait(EVERY_S)

    def _sample(self, root: psutil.Process) -> None:
        now_mb = memory_mb(root)
        for child in root.children():
            with contextlib.suppress(psutil.Error):
                below = child.children(recursive=True)
                key = (child.pid, child.create_time())
                name = self._by_child[key][0] if key in self._by_child else branch_name(child)
                cpu_s = sum(map(cpu_seconds, (child, *below))) + waited_for_seconds(child)
                self._by_child[key] = (name, max(cpu_s, self._by_child.get(key, ("", 0.0))[1]))
                now_mb += sum(map(memory_mb, (child, *below)))
        self.peak_mb = max(self.peak_mb, now_mb)


def branch_name(process: psutil.Process) -> str:
    return (process.cmdline() or [process.name()])[-1]


def cpu_seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        used = process.cpu_times()
        return float(used.user + used.system)
    return 0.0


def waited_for_seconds(process: psutil.Process) -> float:
    """Return the CPU seconds of the ended children of a process."""
    used = process.cpu_times()
    return float(getattr(used, "children_user", 0.0) + getattr(used, "children_system", 0.0))


def memory_mb(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        used = process.memory_full_info()
        return float(getattr(used, "pss", used.rss)) / MB
    return 0.0
