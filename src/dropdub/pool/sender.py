"""Send messages to a worker without ever waiting for it."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import IO

from dropdub.pool.messages import Down, encode


class Sender:
    """Writes messages to a worker's standard input from a thread.

    A worker that is busy may not read: an engine may hold the interpreter's lock for minutes, and a pipe of Windows
    holds only 4 kB.
    """

    def __init__(self, pipe: IO[bytes], *, name: str) -> None:
        self._pipe = pipe
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._write, name=f"{name} writer", daemon=True)
        self.thread.start()

    def send(self, message: Down) -> None:
        """Send a message. If the worker is gone this has no effect; its end is detected elsewhere."""
        self._lines.put(encode(message))

    def close(self) -> None:
        """Close the worker's standard input after the messages sent so far."""
        self._lines.put(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._pipe:
            while (line := self._lines.get()) is not None:
                self._pipe.write(line)
                self._pipe.flush()
