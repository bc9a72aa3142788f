"""How fast a large file is received over loopback, and how much memory the server needs for it.

    python benchmarks/uploads.py [--size GB] [--folder DIR] [--repeat N]

The server is a process of its own. It receives the same file as one tus request, as tus requests of 32 MiB, which is
what pages send, and as a form; then as a form by the framework's own way, which writes it to a temporary folder and
must copy it from there, with the hash computed while it is copied. `--folder`: where the uploads are written.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import uvicorn
from fastapi import Request, Response
from tests.web.upload_server import JobBook, build_app, listening

from dropdub.files.durable import flush
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.limits import UploadLimits

CHECKOUT = Path(__file__).resolve().parents[1]
BLOCK = bytes(1 << 20)
CHUNK = 32 << 20
TUS = "Tus-Resumable: 1.0.0\r\n"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.mkv"\r\n\r\n'
END = b"\r\n--x--\r\n"


def serve(folder: Path) -> None:
    """Serve until the process is ended; report the port."""
    uploads = Uploads(folder / "uploads", UploadLimits(max_size=10**12, min_free_disk=0))
    with ThreadPoolExecutor(4) as executor, listening() as bound:
        app = build_app(uploads, JobBook(folder / "jobs.json"), executor)

        @app.post("/framework")
        async def framework(request: Request) -> Response:
            form = await request.form()
            await asyncio.get_running_loop().run_in_executor(executor, copied, form["file"].file, folder / "copy")  # type: ignore[union-attr]  # it is a file
            return Response()

        sys.stdout.write(f"{bound.getsockname()[1]}\n")
        sys.stdout.flush()
        asyncio.run(uvicorn.Server(uvicorn.Config(app, http="httptools", log_level="warning")).serve([bound]))


def copied(reader: object, to: Path) -> None:
    """Copy a file that the framework has received, and hash it, as an upload is."""
    digest = hashlib.sha256()
    with to.open("wb") as writer:
        while block := reader.read(1 << 20):  # type: ignore[attr-defined]  # a file
            digest.update(block)
            writer.write(block)
        flush(writer)


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    command = [sys.executable, __file__, "--serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=CHECKOUT) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), psutil.Process(process.pid)
        finally:
            process.terminate()


def answered(port: int, head: str, before: bytes, size: int, after: bytes) -> str:
    """Send a request whose body has `size` bytes between `before` and `after`; return the answer's head."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        length = len(before) + size + len(after)
        connection.sendall(f"{head}Host: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode() + before)
        for start in range(0, size, len(BLOCK)):
            connection.sendall(BLOCK[: size - start])
        connection.sendall(after)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    if " 20" not in answer[:16]:
        raise SystemExit(answer)
    return answer


def by_tus(port: int, size: int, chunk: int) -> None:
    made = answered(port, f"POST /v1/uploads HTTP/1.1\r\n{TUS}Upload-Length: {size}\r\n", b"", 0, b"")
    path = next(line[10:] for line in made.splitlines() if line.lower().startswith("location: "))
    kind = "Content-Type: application/offset+octet-stream\r\n"
    for offset in range(0, size, chunk):
        head = f"PATCH {path} HTTP/1.1\r\n{TUS}{kind}Upload-Offset: {offset}\r\n"
        answered(port, head, b"", min(chunk, size - offset), b"")


def by_form(port: int, size: int, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    answered(port, head, PART, size, END)


WAYS: dict[str, Callable[[int, int], None]] = {
    "tus, one request": lambda port, size: by_tus(port, size, size),
    "tus, requests of 32 MiB": lambda port, size: by_tus(port, size, CHUNK),
    "form": lambda port, size: by_form(port, size, "/form"),
    "form, by the framework": lambda port, size: by_form(port, size, "/framework"),
}


def measure(way: Callable[[int, int], None], size: int, folder: Path) -> tuple[float, float]:
    """Return the rate in MB/s, and the memory that the server needed for it in MB."""
    with server(folder) as (port, process):
        way(port, 1 << 20)
        before = process.memory_info().rss
        Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")  # resets the peak
        began = time.perf_counter()
        way(port, size)
        rate = size / (time.perf_counter() - began) / 1e6
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    return rate, (peak - before) / 1e6


def main(size: int, place: Path | None, repeat: int) -> None:
    sys.stdout.write(
        f"{size / 1e9:g} GB, median of {repeat}\n\n| way | MB/s | more memory, MB |\n| --- | --- | --- |\n"
    )
    for name, way in WAYS.items():
        found = []
        for _ in range(repeat):
            folder = Path(tempfile.mkdtemp(prefix="dropdub-uploads-", dir=place))
            try:
                found.append(measure(way, size, folder))
            finally:
                shutil.rmtree(folder)
        rate, memory = statistics.median(one[0] for one in found), max(one[1] for one in found)
        sys.stdout.write(f"| {name} | {rate:.0f} | {memory:.1f} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=float, default=2.0, metavar="GB")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
    else:
        main(round(given.size * 1e9), given.folder, given.repeat)
