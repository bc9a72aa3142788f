"""The lines between the web server and the supervisor whose child it is."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Collection
from typing import IO, Any

LONGEST_LINE_BYTES = 16_000_000
LONGEST_RECORD = 8_000
"""Characters of a record of the log: with its escapes, it fits on a line that the supervisor reads."""
MOST_RECORDS, PERIOD_S = 120, 60.0
"""Records of the log that are passed on within a period, errors aside: who is refused again and again must not fill
the log, which is rotated.
"""


class Link:
    """Sends lines to the supervisor, and reads its lines in a thread."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._lock = threading.Lock()

    def listen(
        self,
        *,
        on_news: Callable[[Collection[int]], None],
        on_settings: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        """Call these in a thread: `on_news` with the jobs that have changed, `on_end` once the supervisor is gone.

        `on_settings` is called when it has taken over what has changed in `config.yaml`.
        """
        arguments = (sys.stdin.buffer, on_news, on_settings, on_end)
        threading.Thread(target=_read, args=arguments, name="supervisor", daemon=True).start()

    def listening(self, url: str) -> None:
        """Report that the server answers."""
        self._send({"kind": "listening", "url": url})

    def trouble(self, text: str) -> None:
        """Report what keeps the server from answering."""
        self._send({"kind": "trouble", "text": text})

    def nudge(self) -> None:
        """Report that a job was recorded."""
        self._send({"kind": "nudge"})

    def log(self, level: str, text: str) -> None:
        """Pass on a record of the log."""
        self._send({"kind": "log", "level": level, "text": text})

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._lock:
                self._output.write(line)
                self._output.flush()
        except OSError:  # the supervisor is gone
            os._exit(0)


class LinkedLog(logging.Handler):
    """Passes Dropdub's log records on to the supervisor, which has the log's files."""

    def __init__(self, link: Link) -> None:
        super().__init__(logging.INFO)
        self._link = link
        self._since, self._passed = 0.0, 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.created - self._since >= PERIOD_S:
            self._since, self._passed = record.created, 0
        self._passed += record.levelno < logging.ERROR
        if self._passed <= MOST_RECORDS or record.levelno >= logging.ERROR:
            self._link.log(record.levelname.lower(), self.format(record)[:LONGEST_RECORD])


def _read(
    pipe: IO[bytes],
    on_news: Callable[[Collection[int]], None],
    on_settings: Callable[[], None],
    on_end: Callable[[], None],
) -> None:
    while line := pipe.readline(LONGEST_LINE_BYTES):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            message = json.loads(line)
            if message["kind"] == "news":
                on_news([int(job) for job in message["jobs"]])
            elif message["kind"] == "settings":
                on_settings()
    on_end()
