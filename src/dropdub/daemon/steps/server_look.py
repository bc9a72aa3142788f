"""Look whether the translator's server answers, in a thread, so that the supervisor never waits for it."""

from __future__ import annotations

import threading

from dropdub.language_server.presence import is_there
from dropdub.language_server.server import Server

LOOK_EVERY_S = 5.0


class ServerLook:
    """Looks at a server while a job waits for it. Times are monotonic seconds."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._next = 0.0
        self._was_there = False
        self.is_there = False
        """Whether it answered at the last look."""
        self._thread: threading.Thread | None = None

    def changed(self, now: float) -> bool:
        """Return whether the server answered at the last look and not at the one before. Begin another if it is due."""
        if self._thread is not None and self._thread.is_alive():
            return False
        came = self.is_there and not self._was_there
        self._was_there = self.is_there
        if now >= self._next:
            self._next = now + LOOK_EVERY_S
            self._thread = threading.Thread(target=self._look, name="server", daemon=True)
            self._thread.start()
        return came

    def _look(self) -> None:
        self.is_there = is_there(self._server)
