"""Answers that a command of the program computes, in a process of its own: the server itself computes nothing."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.errors import DeadlineExceeded, MediaToolFailed
from dropdub.process.run import Program, output
from dropdub.web.answering.errors import ApiError

DEADLINE_S = 60.0
KEPT_S = 5.0
"""Clients that ask within this time get the same answer."""


@dataclass
class CommandAnswer:
    """What a command prints as JSON. Whoever asks while it is running waits for the same run."""

    root: Path
    arguments: tuple[str, ...]

    def __post_init__(self) -> None:
        self._running: asyncio.Task[Any] | None = None
        self._ended_at = 0.0
        self.last: Any = None
        """The newest answer; None if there was none yet."""

    async def get(self) -> Any:
        """Return the JSON. Raises ApiError 504 if it takes too long, and 502 if the command failed."""
        if self._running is None or (self._running.done() and time.monotonic() - self._ended_at > KEPT_S):
            self._running = asyncio.ensure_future(self._run())
        return await asyncio.shield(self._running)

    async def _run(self) -> Any:
        try:
            # In a thread that no quick question waits for.
            self.last = await asyncio.to_thread(_printed, self.root, self.arguments)
            return self.last
        finally:
            self._ended_at = time.monotonic()


def _printed(root: Path, arguments: tuple[str, ...]) -> Any:
    name = " ".join(arguments)
    command = [sys.executable, "-P", "-m", "dropdub", "--root", str(root), *arguments, "--json"]
    try:
        printed, _ = output(Program(command), deadline_s=DEADLINE_S)
        return json.loads(printed)
    except DeadlineExceeded:
        raise ApiError(504, f"dropdub {name} took more than {DEADLINE_S:.0f} s.", "DeadlineExceeded") from None
    except (OSError, ValueError, MediaToolFailed):
        raise ApiError(502, f"dropdub {name} did not end well.", "CommandFailed") from None
