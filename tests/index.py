"""An index of Python packages on this machine: wheels that pip accepts, over real HTTP."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def wheel(name: str, version: str, members: Mapping[str, bytes], *, tag: str = "py3-none-any") -> tuple[str, bytes]:
    """Return the file name and the content of a wheel with these members."""
    known_as = name.replace("-", "_")
    info = f"{known_as}-{version}.dist-info"
    own = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**members, **own}.items():
            archive.writestr(path, data)
    return f"{known_as}-{version}-{tag}.whl", content.getvalue()


class FakeIndex:
    """What the index has, and how it misbehaves."""

    def __init__(self) -> None:
        self.wheels: dict[str, dict[str, bytes]] = {}
        """By package: the wheels by file name."""
        self.asked: list[str] = []
        self.pause: int | None = None
        """After how many bytes of a wheel it stalls, until `wake` is set."""
        self.endless = False
        self.paused = threading.Event()
        self.wake = threading.Event()
        self.url = ""

    def add(self, name: str, version: str, members: Mapping[str, bytes], *, tag: str = "py3-none-any") -> None:
        file, content = wheel(name, version, members, tag=tag)
        self.wheels.setdefault(name, {})[file] = content

    def environment(self) -> dict[str, str]:
        """Return the variables with which pip uses this index and no setting of the machine."""
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"{self.url}/simple",
            "PIP_RETRIES": "0",
            "PIP_DEFAULT_TIMEOUT": "20",
            "NO_PROXY": "127.0.0.1",
        }


class _Handler(BaseHTTPRequestHandler):
    index: FakeIndex

    def do_GET(self) -> None:
        self.index.asked.append(self.path)
        with suppress(OSError):  # the client was killed
            folder, _, name = self.path.strip("/").partition("/")
            if folder == "simple" and name in self.index.wheels:
                self._answer(self._page(name).encode(), "text/html")
            elif folder == "files":
                self._wheel(name)
            else:
                self.send_error(404)

    def _page(self, name: str) -> str:
        return "".join(f'<a href="/files/{file}">{file}</a>\n' for file in self.index.wheels[name])

    def _wheel(self, name: str) -> None:
        content = next(wheels[name] for wheels in self.index.wheels.values() if name in wheels)
        if self.index.endless:
            return self._endless()
        if self.index.pause is None:
            return self._answer(content, "application/octet-stream")
        self._head(len(content), "application/octet-stream")
        self.wfile.write(content[: self.index.pause])
        self.wfile.flush()
        self.index.paused.set()
        self.index.wake.wait(60)
        self.wfile.write(content[self.index.pause :])
        return None

    def _endless(self) -> None:
        self._head(10**12, "application/octet-stream")
        while True:
            self.wfile.write(bytes(1 << 20))

    def _answer(self, content: bytes, kind: str) -> None:
        self._head(len(content), kind)
        self.wfile.write(content)

    def _head(self, length: int, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: requests are in `FakeIndex.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hung up: some tests kill them."""


@contextmanager
def running_index() -> Iterator[FakeIndex]:
    """Yield an empty index that answers at its `url` until the block ends."""
    index = FakeIndex()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": index}))
    index.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.wake.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def left_in(models: Path) -> set[str]:
    """Return the names in a folder of models, without the locks of pulls."""
    return {path.name for path in models.iterdir() if path.suffix != ".lock"} if models.is_dir() else set()
