"""A daemon with its web server in a fresh root, and a client of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

CONFIG = """job:
  {{language: en, targets: [], transcriber: {transcriber}, translator: apertium, synthesizer: {voice}, speakers: one}}
inbox: {{settle: 0.2, settle_empty: 0.2}}
limits: {{min_free_memory: 100 MB}}
pools: {{synthesize: {{workers: 1}}, transcribe: {{workers: 1}}}}
preload: true
web: {{port: {port}}}
"""
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Server:
    """A running server: its root, its port, and its supervisor."""

    root: Path
    port: int
    supervisor: psutil.Process

    @property
    def headers(self) -> dict[str, str]:
        token = (self.root / "web.token").read_text(encoding="ascii").strip()
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    @property
    def web(self) -> psutil.Process:
        return next(child for child in self.supervisor.children() if "dropdub.web" in child.cmdline())

    def workers(self, pool: str = "") -> list[psutil.Process]:
        """Return the workers of a pool, or all."""
        found = [child for child in self.supervisor.children() if "dropdub.worker" in child.cmdline()]
        return [child for child in found if not pool or child.cmdline()[-1] == pool]

    def client(self) -> Client:
        return Client(self.port, self.headers)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.root / "jobs.db", timeout=30)) as database:
            return list(database.execute(query))

    def wait_until_idle(self) -> None:
        """Wait until no job is left to do."""
        unfinished = "SELECT count(*) FROM job WHERE state IN ('claiming', 'queued', 'running')"
        ends_at = time.monotonic() + PATIENCE_S
        while self.rows(unfinished) != [(0,)]:
            if time.monotonic() > ends_at:
                raise SystemExit("jobs do not end")
            time.sleep(0.1)


class Client:
    """One connection that is kept open."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._headers = headers

    def speak(self, text: str, *, kind: str = "wav", key: str = "", **more: Any) -> bytes:
        """Return the sound of a text. With a `key`, it is a job of its own even if the text was spoken before."""
        body = {"model": "tts-1", "input": text, "response_format": kind, **more}
        status, answer = self.ask("POST", "/v1/audio/speech", json.dumps(body), {"Idempotency-Key": key} if key else {})
        if status != 200:
            raise SystemExit(f"{status}: {answer!r}")
        return answer

    def first_byte_s(self, text: str) -> float:
        """Return the seconds until the first byte of a text's sound; read the rest."""
        began = time.perf_counter()
        body = json.dumps({"model": "tts-1", "input": text, "response_format": "wav", "language": "en"})
        self._connection.request("POST", "/v1/audio/speech", body, self._headers)
        answer = self._connection.getresponse()
        answer.read(100)
        passed = time.perf_counter() - began
        answer.read()
        return passed

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, more: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        self._connection.request(method, path, body, {**self._headers, **(more or {})})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


@contextlib.contextmanager
def server(
    place: Path | None,
    *,
    voice: str = "espeak-ng",
    transcriber: str = "pocketsphinx",
    more: str = "",
    modules: Path | None = None,
) -> Iterator[Server]:
    """Run a daemon with these engines in a temporary folder in `place`. `more`: lines of its settings.

    `modules`: a folder of Python modules that its processes can import.
    """
    folder = Path(tempfile.mkdtemp(prefix="dropdub-api-", dir=place))
    port = free_port()
    try:
        root = folder / "root"
        dropdub = [sys.executable, "-m", "dropdub"]
        subprocess.run([*dropdub, "init", str(root)], check=True, stdout=subprocess.DEVNULL)
        config = CONFIG.format(voice=voice, transcriber=transcriber, port=port) + more
        (root / "config.yaml").write_text(config, encoding="utf-8")
        paths = [str(modules), os.environ.get("PYTHONPATH", "")] if modules else [os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [*dropdub, "--root", str(root), "watch", "--web"]
        with (folder / "out.txt").open("wb") as output:
            daemon = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            found = Server(root, port, psutil.Process(daemon.pid))
            wait_for_answer(port)
            time.sleep(5)  # the workers load their engines
            yield found
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def wait_for_answer(port: int) -> float:
    """Wait until a server answers; return the time (monotonic seconds)."""
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, _ = Client(port, {}).ask("GET", "/v1/health")
            if status == 200:
                return time.monotonic()
        time.sleep(0.005)
    raise SystemExit("the server does not answer")
