"""Receive uploads in an event loop: what blocks is done in threads, and each upload has one request at a time.

A request that asks for an upload interrupts the one that still sends bytes to it: its sender has lost that connection,
which may stay open here for minutes. What had arrived is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from dropdub.errors import DropdubError
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.upload import Upload
from dropdub.web.uploads.writing import Check, Writing

P = ParamSpec("P")
T = TypeVar("T")
Body = AsyncIterator[bytes]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
OnComplete = Callable[[Upload], Awaitable[int]]
"""Makes a job of a complete upload and returns its number. For the same upload it returns the same job: it is called
again if a crash came before its answer was recorded."""

_logger = logging.getLogger("dropdub.web")
_BATCH = 1 << 20
"""Bytes that are handed to a thread at once: a hand-over costs as much time as writing a tenth of that."""
_BUSY_RETRY_S = 5


class Reception:
    """Receives bytes into `uploads`, with at most `limits.at_once` requests at a time. `executor` runs what blocks."""

    def __init__(self, uploads: Uploads, executor: Executor) -> None:
        self.uploads = uploads
        self._executor = executor
        self._receiving = 0
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self, action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of what blocks, done in a thread.

        A thread cannot be stopped: if the request is cancelled meanwhile, this waits, so that nothing that follows runs
        beside it.
        """
        done = asyncio.get_running_loop().run_in_executor(self._executor, partial(action, *args, **kwargs))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.gather(done, return_exceptions=True)
            raise

    def refuse_if_busy(self) -> None:
        """Raise ApiError 429 if there is no place for another request that sends a file."""
        if self._receiving >= self.uploads.limits.at_once:
            message = f"{self._receiving} files are being received already."
            remedy = "Wait until one of them has arrived."
            raise ApiError(429, message, remedy=remedy, headers={"Retry-After": str(_BUSY_RETRY_S)})

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places for requests that send files. Raises ApiError 429 if there is none."""
        self.refuse_if_busy()
        self._receiving += 1
        try:
            yield
        finally:
            self._receiving -= 1

    @asynccontextmanager
    async def turn(self, upload_id: str, *, interrupts: bool = True) -> AsyncIterator[None]:
        """Have an upload for oneself: interrupt a request that sends bytes to it, and wait until others are done."""
        lock = self._turns.setdefault(upload_id, asyncio.Lock())
        if interrupts and (sender := self._senders.get(upload_id)):
            sender.cancel()
        async with lock:
            yield

    async def append(self, upload: Upload, body: Body, *, check: Check | None = None) -> Upload:
        """Append a request's body to an upload whose turn this is, and return how far it is now.

        What had arrived is kept if the body ends early, unless a `check` had to confirm it. Raises ApiError: 409 if a
        newer request continues the upload, 413, 429, 507, and whatever `check` and `body` raise.
        """
        with self.place():
            writing = await self.run(self.uploads.write, upload, check=check)
            sender = asyncio.ensure_future(self._received(writing, body))
            self._senders[upload.id] = sender
            try:
                await sender
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                raise ApiError(409, f"Another request continues the upload of {upload.name}.") from None
            finally:
                del self._senders[upload.id]
                upload = await self.run(self.uploads.close, writing)
        return upload

    async def _received(self, writing: Writing, body: Body) -> None:
        await self.pour(body, writing.write)
        await self.run(writing.verify)

    async def pour(self, body: Body, write: Callable[[list[bytes]], None]) -> None:
        """Pass a body to `write`, in a thread, while the next bytes arrive; at most two batches are in memory.

        What has arrived is passed on even if the rest does not come.
        """
        pending, batch, size = _nothing(), list[bytes](), 0
        try:
            async for block in body:
                batch.append(block)
                size += len(block)
                if size >= _BATCH:
                    await asyncio.shield(pending)
                    pending, batch, size = asyncio.ensure_future(self.run(write, batch)), [], 0
        finally:
            await pending
            if batch:
                await self.run(write, batch)

    async def complete(self, upload: Upload) -> Upload:
        """Hash an upload of which all bytes are there, and keep it from now on as an original."""
        return await self.run(self.uploads.accept, await self.run(self.uploads.hash, upload))

    async def handed_over(self, upload: Upload, on_complete: OnComplete) -> Upload:
        """Return an upload whose turn this is, with its job, which is made now if there is none and it is complete."""
        if upload.job is not None or not upload.has_all_bytes:
            return upload
        upload = await self.complete(upload)
        return await self.run(self.uploads.record, upload, await on_complete(upload))

    async def finish_interrupted(self, on_complete: OnComplete) -> list[Upload]:
        """Make the jobs that a crash prevented, at the start of the process; return their uploads.

        An upload of which no job can be made stays, for its sender to be answered why.
        """
        made = []
        for upload in await self.run(self.uploads.unrecorded):
            async with self.turn(upload.id):
                try:
                    made.append(await self.handed_over(upload, on_complete))
                except (ApiError, DropdubError, OSError) as error:
                    _logger.warning("no job could be made of a complete upload: %s", error)
        return made


async def body_of(receive: Receive) -> Body:
    """Yield the body of a request, from the `receive` of ASGI. Raises ApiError 400 if the connection is lost."""
    is_more = True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(400, "The connection was lost before the request was complete.", "ConnectionLost")
        if message.get("body"):
            yield message["body"]
        is_more = message.get("more_body", False)


async def whole(data: bytes) -> Body:
    """Yield what is known as a whole, as a body."""
    yield data


def _is_cancelled() -> bool:
    """Return whether the current task itself is being cancelled, not one that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _nothing() -> asyncio.Future[None]:
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
