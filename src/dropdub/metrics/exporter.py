"""Where figures go: into a file, written anew from time to time, and to who asks on this machine."""

from __future__ import annotations

import threading
from pathlib import Path

from prometheus_client import start_http_server

from dropdub.files.durable import write_whole
from dropdub.files.held import HeldFolder
from dropdub.files.privacy import share
from dropdub.files.removal import remove_parts
from dropdub.metrics.values import Figures

ADDRESS = "127.0.0.1"
STOP_GRACE_S = 2.0


class TextFile:
    """Writes the figures into a file every `interval_s`, each time whole, from a thread of its own."""

    def __init__(self, figures: Figures, path: Path, interval_s: float) -> None:
        self._figures = figures
        self._path = path
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="metrics file", daemon=True)
        self.trouble: str | None = None
        self._thread.start()

    def write(self) -> None:
        """Write the file now; what stands in the way is in `trouble`."""
        try:
            with HeldFolder.open(self._path.parent) as folder:
                remove_parts(folder, self._path.name)  # of a write that was cut off
            write_whole(self._path, self._figures.text())
            share(self._path, place=self._path.parent)  # who collects them has another account
            self.trouble = None
        except OSError as error:
            self.trouble = f"The figures cannot be written to {self._path}: {error.strerror or error}."

    def stop(self) -> None:
        """Write the figures of the end, and end."""
        self._stopping.set()
        self._thread.join(STOP_GRACE_S)
        if not self._thread.is_alive():
            self.write()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self.write()
            self._stopping.wait(self._interval_s)


class Endpoint:
    """Answers `GET /metrics` on this machine, and on no other."""

    def __init__(self, figures: Figures, port: int) -> None:
        self.trouble: str | None = None
        try:
            self._server, self._thread = start_http_server(port, addr=ADDRESS, registry=figures.registry)
        except OSError as error:
            self.trouble = f"The figures cannot be told on port {port}: {error.strerror or error}."

    def stop(self) -> None:
        if self.trouble is None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(STOP_GRACE_S)
