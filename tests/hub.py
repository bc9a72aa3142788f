"""A hub of models on this machine: the part of the real one's protocol that is used, and its ways to fail."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class LocalHub:
    """Serves the folders of `repositories` by name. What is set on it changes how it behaves from then on.

    `breaks_at`: it hangs up after so many bytes of a file, once for each entry. `stalls`: it then falls silent instead.
    `lies`: it sends other bytes than it promised. `refuses`: it answers with this code.
    """

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.breaks_at: list[int] = []
        self.stalls = self.lies = self.knows_ranges = False
        self.knows_ranges = True
        self.refuses: int | None = None
        self.slow_s = 0.0
        self.sent: Counter[str] = Counter()
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[LocalHub]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing of those who hang up."""

        server = Server(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        if self.refuses is not None:
            request.send_error(self.refuses)
        elif path.startswith("/api/models/"):
            self._listing(request, path.removeprefix("/api/models/").partition("/revision/")[0])
        else:
            repository, _, rest = path.strip("/").partition("/resolve/")
            self._file(request, repository, rest.partition("/")[2])

    def _listing(self, request: BaseHTTPRequestHandler, repository: str) -> None:
        if repository not in self.repositories:
            request.send_error(404)
            return
        folder = self.repositories[repository]
        files = [_described(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()]
        content = json.dumps({"sha": "abc123", "siblings": files}).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _file(self, request: BaseHTTPRequestHandler, repository: str, name: str) -> None:
        content = (self.repositories[repository] / name).read_bytes()
        if self.lies:
            content = bytes(one ^ 1 for one in content)
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1]) if self.knows_ranges else 0
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        for at in range(start, len(content), 4096):
            if self.breaks_at and at - start >= self.breaks_at[0]:
                self.breaks_at.pop(0)
                time.sleep(3 if self.stalls else 0)
                return
            time.sleep(self.slow_s)
            request.wfile.write(content[at : at + 4096])
            self.sent[name] += len(content[at : at + 4096])


def _described(folder: Path, path: Path) -> dict[str, object]:
    content = path.read_bytes()
    name = path.relative_to(folder).as_posix()
    described: dict[str, object] = {
        "rfilename": name,
        "size": len(content),
        "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
    }
    if path.suffix == ".bin":  # as the hub does with large ones
        described["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return described
