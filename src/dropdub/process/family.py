"""The processes below another one, as psutil sees them: how old, how large, and what they were started as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from dropdub.process.trees import descendants, tree_memory


@dataclass(frozen=True)
class Relative:
    """A process. `started_at`: seconds since the epoch; `memory`: bytes, with that of the processes below it."""

    pid: int
    parent: int
    started_at: float
    memory: int
    words: tuple[str, ...]

    def after(self, word: str) -> str | None:
        """Return the word of its command line that follows `word`; None if there is none."""
        found = self.words.index(word) + 1 if word in self.words else len(self.words)
        return self.words[found] if found < len(self.words) else None


def relative(pid: int) -> Relative | None:
    """Return a process; None if it is gone, or may not be looked at."""
    return next(_looked([psutil.Process(pid)] if psutil.pid_exists(pid) else []), None)


def children(pid: int) -> list[Relative]:
    """Return the processes below another one, in any depth, but without those that may not be looked at."""
    return list(_looked(descendants(pid)[1:]))


def _looked(processes: list[psutil.Process]) -> Iterator[Relative]:
    for process in processes:
        try:
            with process.oneshot():
                begun, words = process.create_time(), tuple(process.cmdline())
                yield Relative(process.pid, process.ppid(), begun, tree_memory(process.pid), words)
        except psutil.Error:
            continue
