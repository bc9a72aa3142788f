"""Limit the resources of a running tool: its output, the free disk space, its memory.

What a file states about itself does not limit these.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dropdub import process
from dropdub.errors import DiskFull, TooLarge, UnsupportedCodec
from dropdub.units import format_size

MOST_MEMORY = 3_000_000_000
"""For a tool that encodes no video; usually a tenth of it is used. It is less than a worker's limit, so that the file
is blamed, not the machine: a retry with the same file would fail again."""
_LEAST_FREE = 50_000_000
_LEAST_FREE_SHARE = 0.01
"""Share of the disk; the smaller of the two counts. The database and the logs on the same disk need some space."""
_LOOK_S = 0.25


@dataclass
class Watch:
    """Checks a running tool periodically. `most_bytes` is for all `outputs` together; None means no limit."""

    outputs: Sequence[Path] = ()
    most_bytes: int | None = None
    most_memory: int | None = MOST_MEMORY
    name: str = "ffmpeg"
    _next_look: float = field(default=0.0, init=False)

    def look(self, pid: int) -> None:
        """Raise DiskFull or TooLarge if the process `pid` must not continue."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_S
        self._look_at_disk()
        self._look_at_size()
        self._look_at_memory(pid)

    def _look_at_disk(self) -> None:
        for folder in {output.parent for output in self.outputs}:
            with suppress(OSError):
                usage = shutil.disk_usage(folder)
                if usage.free < min(_LEAST_FREE, int(usage.total * _LEAST_FREE_SHARE)):
                    raise DiskFull(
                        f"The disk is almost full ({format_size(usage.free)} free): {self.name} was stopped."
                    )

    def _look_at_size(self) -> None:
        if self.most_bytes is None:
            return
        written = sum(_size(output) for output in self.outputs)
        if written > self.most_bytes:
            raise TooLarge(
                f"The output of {self.name} for this file is larger than any real recording of its length: "
                f"over {format_size(self.most_bytes)}.",
                remedy=UnsupportedCodec.usual_remedy,
            )

    def _look_at_memory(self, pid: int) -> None:
        if self.most_memory is None:
            return
        if process.tree_memory(pid) > self.most_memory:
            raise TooLarge(
                f"{self.name} used more than {format_size(self.most_memory)} of memory for this file.",
                remedy=UnsupportedCodec.usual_remedy,
            )


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
