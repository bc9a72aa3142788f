"""A real web server on this machine that takes webhooks, or fails to in one of the ways that servers have."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """`manner`: take, error, redirect, stall (never answers), drip (a byte now and then), break (closes at once)."""

    port: int
    manner: str = "take"
    taken: list[tuple[dict[str, str], dict[str, Any], bytes]] = field(default_factory=list)
    asked: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/T0K3N"

    @property
    def ids(self) -> list[str]:
        return [message["id"] for _, message, _ in self.taken]


@contextmanager
def receiving(manner: str = "take", *, port: int = 0) -> Iterator[Receiver]:
    """Yield a running server; `port` replaces an earlier one on the same port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    server.receiver = Receiver(server.server_address[1], manner)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.receiver  # type: ignore[attr-defined]
    finally:
        server.receiver.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join(5)


def free_port() -> int:
    """Return a port on which nothing listens, and which nobody takes before the program that a test starts.

    It is below those that systems give to clients. A socket for datagrams, whose ports are others, keeps it from other
    calls until this process ends, also in the other processes that run tests.
    """
    while True:
        port = random.randrange(10_000, 30_000)
        kept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            kept.bind(("127.0.0.1", port))
            with socket.socket() as one:
                one.bind(("127.0.0.1", port))
        except OSError:
            kept.close()
        else:
            kept.detach()  # it stays open
            return port


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        receiver.asked += 1
        body = self.rfile.read(int(self.headers["content-length"]))
        with suppress(OSError):
            getattr(self, f"_{receiver.manner}")(receiver, body)

    def log_message(self, *_: Any) -> None:
        pass

    def _take(self, receiver: Receiver, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.taken.append((headers, json.loads(body), body))
        self.send_response(204)
        self.end_headers()

    def _error(self, _receiver: Receiver, _body: bytes) -> None:
        self.send_error(503)

    def _redirect(self, receiver: Receiver, _body: bytes) -> None:
        self.send_response(307)
        self.send_header("location", receiver.url)
        self.end_headers()

    def _stall(self, receiver: Receiver, _body: bytes) -> None:
        receiver.over.wait()

    def _drip(self, receiver: Receiver, _body: bytes) -> None:
        for character in b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000:
            self.wfile.write(bytes([character]))
            if receiver.over.wait(0.05):
                return

    def _break(self, _receiver: Receiver, _body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 2")
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
