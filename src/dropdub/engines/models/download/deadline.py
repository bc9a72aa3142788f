"""A time limit for a whole request: a server that sends a byte now and then never runs into a read timeout."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_CHECK_S = 1.0


class Deadline:
    """Closes the connection of a request when its time is up.

    A separate thread checks the clock, because the HTTP package may not return while bytes trickle in. It is at most a
    second late.
    """

    def __init__(self, seconds: float) -> None:
        self.is_past = False
        self._socket: socket.socket | None = None
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._wait, daemon=True)
        self.extend(seconds)

    def __enter__(self) -> Deadline:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def extend(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now."""
        self._ends = time.monotonic() + seconds

    def on_trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the connection; the HTTP package calls this at each step of a request."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):  # a proxy's, too
            self._socket = info["return_value"].get_extra_info("socket")

    def _wait(self) -> None:
        while (left := self._ends - time.monotonic()) > 0:
            if self._over.wait(min(left, _CHECK_S)):
                return
        self.is_past = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
