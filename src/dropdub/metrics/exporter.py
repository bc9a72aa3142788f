"""Export metrics: to a file rewritten at intervals, and over HTTP on this machine."""

from __future__ import annotations

import threading
from pathlib import Path

from prometheus_client import start_http_server

from dropdub.files.durable import write_whole
from dropdub.files.held import HeldFolder
from dropdub.files.privacy import share
from dropdub.files.removal import remove_parts
from dropdub.metrics.counters import Metrics

ADDRESS = "127.0.0.1"
STOP_GRACE_S = 2.0


class TextFile:
    """Writes the metrics to a file every `interval_s`, atomically, on a background thread."""

    def __init__(self, metrics: Metrics, path: Path, interval_s: float) -> None:
        self._metrics = metrics
        self._path = path
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="metrics file", daemon=True)
        self.trouble: str | None = None
        self._thread.start()

    def write(self) -> None:
        """Write the file now; set `trouble` to the error, or to None on success."""
        try:
            with HeldFolder.open(self._path.parent) as folder:
                remove_parts(folder, self._path.name)  # left by an interrupted write
            write_whole(self._path, self._metrics.text())
            share(self._path, place=self._path.parent)  # the collector runs as another account
            self.trouble = None
        except OSError as error:
            self.trouble = f"The metrics cannot be written to {self._path}: {error.strerror or error}."

    def stop(self) -> None:
        """Stop the thread, and write the final metrics."""
        self._stopping.set()
        self._thread.join(STOP_GRACE_S)
        if not self._thread.is_alive():
            self.write()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self.write()
            self._stopping.wait(self._interval_s)


class Endpoint:
    """Serves `GET /metrics` on this machine only."""

    def __init__(self, metrics: Metrics, port: int) -> None:
        self.trouble: str | None = None
        try:
            self._server, self._thread = start_http_server(port, addr=ADDRESS, registry=metrics.registry)
        except OSError as error:
            self.trouble = f"The metrics cannot be served on port {port}: {error.strerror or error}."

    def stop(self) -> None:
        if self.trouble is None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(STOP_GRACE_S)
