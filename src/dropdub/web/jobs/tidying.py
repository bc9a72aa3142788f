"""What the server does beside its requests: it finishes what a crash interrupted, and tidies up.

Abandoned dictations and rooms are ended, and uploads that expired are removed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI

from dropdub.errors import DropdubError
from dropdub.web.dictation.dictations import Dictations
from dropdub.web.jobs.uploaded import UploadedFiles
from dropdub.web.rooms.rooms import Rooms

Life = Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]
EVERY_S = 600.0
_logger = logging.getLogger("dropdub.web")


def tidying(uploaded: UploadedFiles, dictations: Dictations, rooms: Rooms) -> Life:
    """Return the application's life: uploads are tidied in the background until it ends."""

    @contextlib.asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.ensure_future(_tidy(uploaded, dictations, rooms))
        try:
            yield
        finally:
            rooms.close()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return life


async def _tidy(uploaded: UploadedFiles, dictations: Dictations, rooms: Rooms) -> None:
    await uploaded.finish_interrupted()
    while True:
        try:
            await dictations.end_abandoned()
            await rooms.end_abandoned()
            await uploaded.expire()
        except (DropdubError, OSError) as error:
            _logger.warning("expired uploads cannot be removed: %s", error)
        await asyncio.sleep(EVERY_S)
