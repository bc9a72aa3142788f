"""What a tool takes while it runs: what it writes, the disk that is left, its memory. No file's claim bounds these."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dropdub import process
from dropdub.errors import DiskFull, TooLarge
from dropdub.units import format_size

MOST_MEMORY = 3_000_000_000
"""Of a tool that encodes no picture: usually a tenth of it is taken. Below what a worker of the pool may have, so that
the file is blamed, which would do the same again, and not the machine."""
_LEAST_FREE = 50_000_000
_LEAST_FREE_SHARE = 0.01
"""Of a disk, whichever is less: the database and the logs of the same disk must still be written."""
_LOOK_S = 0.25
_CONVERT = "Convert it with another program, such as HandBrake or Audacity, and drop that."


@dataclass
class Watch:
    """Looks at a run of a tool now and then. `most_bytes` is for all `outputs` together; None is no bound."""

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
                        f"The disk is nearly full: {self.name} was stopped at {format_size(usage.free)} free."
                    )

    def _look_at_size(self) -> None:
        if self.most_bytes is None:
            return
        written = sum(_size(output) for output in self.outputs)
        if written > self.most_bytes:
            raise TooLarge(
                f"What {self.name} makes of this file is larger than any real recording of its length: "
                f"over {format_size(self.most_bytes)}.",
                remedy=_CONVERT,
            )

    def _look_at_memory(self, pid: int) -> None:
        if self.most_memory is None:
            return
        if process.tree_memory(pid) > self.most_memory:
            raise TooLarge(
                f"{self.name} took over {format_size(self.most_memory)} of memory for this file.", remedy=_CONVERT
            )


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
