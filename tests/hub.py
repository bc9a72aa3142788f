"""A hub and a publisher of models on this machine: real HTTP, and every way in which a server can fail a client."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from dropdub.engines.models.known import KnownModel

UNPINNED = "from dropdub.engines.models.pins import PINS; PINS.clear(); from dropdub.cli.app import main; main()"
"""The program (for `python -c`) with a catalogue that pins nothing: a test hub does not have the real one's files."""
LARGE = 10_000
"""From this size in bytes on, the hub names a file's SHA-256; below it, git's name for its content."""

_INDEX = re.compile(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_PUBLISHED = re.compile(r"/main-workspace/translations-models/([^/]+)")


def unpinned(model: KnownModel) -> KnownModel:
    """Return a model as it would be if nothing about it were known beforehand."""
    return replace(model, sources=tuple(replace(one, revision="main", pins={}) for one in model.sources))


class FakeHub:
    """What the hub has, how it misbehaves, and what it was asked for."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.published: dict[str, bytes] = {}
        """What it has as a publisher, by the last part of the path."""
        self.lies: dict[str, bytes] = {}
        """By file name: what is sent instead."""
        self.breaks: dict[str, list[int]] = {}
        """By file name: after how many bytes each answer in turn breaks off; later answers are whole."""
        self.pauses: dict[str, int] = {}
        """By file name: after how many bytes it stalls, until `wake` is set."""
        self.statuses: list[int] = []
        """What the next answers are, in turn, instead of what was requested."""
        self.always: int | None = None
        self.garbage = False
        self.ignores_ranges = False
        self.redirects_to = ""
        """Where requests for files are redirected to, as hubs do with large ones."""
        self.revision = "a" * 40
        self.served: Counter[str] = Counter()
        self.asked: list[tuple[str, str | None]] = []
        self.tokens: list[str | None] = []
        self.wake = threading.Event()
        self.paused = threading.Event()
        self.url = ""

    def add(self, repository: str, **files: bytes) -> None:
        """Put files there; `__` in a name stands for a dot."""
        self.repositories.setdefault(repository, {}).update(
            {name.replace("__", "."): content for name, content in files.items()}
        )

    def index(self, repository: str) -> dict[str, Any]:
        siblings = [_sibling(name, content) for name, content in self.repositories[repository].items()]
        return {"id": repository, "sha": self.revision, "siblings": siblings}


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    sibling: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if len(content) >= LARGE:
        digest = hashlib.sha256(content).hexdigest()
        sibling |= {"blobId": "0" * 40, "lfs": {"size": len(content), "sha256": digest, "pointerSize": 134}}
    return sibling


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((path, self.headers.get("Range")))
        self.hub.tokens.append(self.headers.get("Authorization"))
        status = self.hub.statuses.pop(0) if self.hub.statuses else self.hub.always
        if status is not None:
            self._answer(status, b"no")
        elif self.hub.garbage:
            self._answer(200, b"<html>Please sign in to this network</html>")
        elif match := _INDEX.fullmatch(path):
            self._index(*match.groups())
        elif match := _FILE.fullmatch(path):
            self._file(*match.groups())
        elif (match := _PUBLISHED.fullmatch(path)) and match[1] in self.hub.published:
            self._send(match[1], self.hub.lies.get(match[1], self.hub.published[match[1]]))
        else:
            self._answer(404, b"no")

    def _index(self, repository: str, revision: str) -> None:
        if repository not in self.hub.repositories or revision not in ("main", self.hub.revision):
            return self._answer(404, b"no")
        return self._answer(200, json.dumps(self.hub.index(repository)).encode())

    def _file(self, repository: str, revision: str, name: str) -> None:
        content = self.hub.repositories.get(repository, {}).get(name)
        if content is None or revision != self.hub.revision:
            return self._answer(404, b"no")
        if self.hub.redirects_to:
            return self._redirect()
        return self._send(name, self.hub.lies.get(name, content))

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.hub.redirects_to + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, name: str, content: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(wanted[1]) if wanted and not self.hub.ignores_ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("X-Repo-Commit", self.hub.revision)
        self.end_headers()
        self._body(name, content[start:])

    def _body(self, name: str, content: bytes) -> None:
        limits = self.hub.breaks.get(name)
        if limits:
            content = content[: limits.pop(0)]
        pause = self.hub.pauses.pop(name, None)
        if pause is not None:
            self._write(name, content[:pause])
            self.hub.paused.set()
            self.hub.wake.wait(60)
            content = content[pause:]
        self._write(name, content)

    def _write(self, name: str, content: bytes) -> None:
        for at in range(0, len(content), 4096):
            block = content[at : at + 4096]
            self.wfile.write(block)
            self.hub.served[name] += len(block)
        self.wfile.flush()

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: requests are in `FakeHub.asked`."""


class Meter:
    """Remembers what was reported to it."""

    def __init__(self) -> None:
        self.total, self.done, self.lines = 0, 0, list[str]()

    def begin(self, total: int) -> None:
        self.total = total

    def advance(self, count: int) -> None:
        self.done += count

    def say(self, line: str) -> None:
        self.lines.append(line)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hung up: some tests kill them."""


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """Yield an empty hub that answers at its `url` until the block ends."""
    hub = FakeHub()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.wake.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
