"""A server of uploads only, with uvicorn on loopback: in this process, or in one of its own that a test can kill.

    python -m tests.web.upload_server FOLDER

Its job numbers come from a file in FOLDER, as they would come from the database: the same for the same upload.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.form import FormRules
from dropdub.web.uploads.limits import UploadLimits
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Receive, Reception
from dropdub.web.uploads.tus import tus_router
from dropdub.web.uploads.upload import Upload

LIMITS = UploadLimits(max_size=400_000_000, min_free_disk=0)
RULES = FormRules(files=2, longest=1000, longest_of={"sound": 100_000}, all_texts=200_000)


@dataclass
class JobBook:
    """Remembers the job of each upload, as the database does."""

    path: Path
    refusal: ApiError | None = None
    asked: list[str] = field(default_factory=list)

    async def job_of(self, upload: Upload) -> int:
        self.asked.append(upload.id)
        if self.refusal:
            raise self.refusal
        jobs: list[str] = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else []
        if upload.id not in jobs:
            jobs.append(upload.id)
            self.path.write_text(json.dumps(jobs), encoding="utf-8")
        return jobs.index(upload.id) + 1


def build_app(uploads: Uploads, jobs: JobBook, executor: ThreadPoolExecutor) -> FastAPI:
    reception = Reception(uploads, executor)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        await reception.finish_interrupted(jobs.job_of)
        yield

    app = FastAPI(lifespan=lifespan)
    app.include_router(tus_router(reception, jobs.job_of))

    @app.exception_handler(ApiError)
    async def refuse(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return JSONResponse(error.body(), error.status, dict(error.headers))

    @app.post("/form")
    async def form(request: Request) -> Response:
        async with receive_form(request.receive, request.headers, reception, RULES) as form:
            if form.text("keep"):
                for _, upload in form.files:
                    await reception.complete(upload)
            files = {name: [one.name, one.size, one.sha256, one.id] for name, one in form.files}
            return JSONResponse({"texts": form.texts, "files": files})

    return app


def server_of(uploads: Uploads, jobs: JobBook, executor: ThreadPoolExecutor) -> uvicorn.Server:
    config = uvicorn.Config(build_app(uploads, jobs, executor), http="httptools", log_level="warning", ws="none")
    return uvicorn.Server(config)


def receiving(*messages: dict[str, Any]) -> Receive:
    """Return a `receive` of ASGI that brings these messages, after which the connection is lost."""
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left, {"type": "http.disconnect"})

    return receive


def listening() -> socket.socket:
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen()
    return found


@contextlib.contextmanager
def served(uploads: Uploads, jobs: JobBook) -> Iterator[int]:
    """Serve in a thread of this process; yield the port."""
    with ThreadPoolExecutor(4) as executor, listening() as bound:
        server = server_of(uploads, jobs, executor)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([bound])))
        thread.start()
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def main(folder: Path) -> None:
    uploads, jobs = Uploads(folder / "uploads", LIMITS), JobBook(folder / "jobs.json")
    with ThreadPoolExecutor(4) as executor, listening() as bound:
        sys.stdout.write(f"{bound.getsockname()[1]}\n")
        sys.stdout.flush()
        asyncio.run(server_of(uploads, jobs, executor).serve([bound]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
