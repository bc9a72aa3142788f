"""Answers that take longer than a client waits: its connection is kept alive until the work is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from dropdub.web.answering.event_stream import STILL_WORKING

PATIENCE_S = 20.0
"""How long the status of an answer waits for the work: nearly all failures are known by then, and no client gives up so
early. OpenAI's clients give up after 600 s without a byte.
"""
EVERY_S = 10.0
"""How often a sign of life follows."""
_SPACE = b" "
"""Before a JSON document it means nothing."""


async def json_in_time(work: Coroutine[Any, Any, bytes], *, headers: Mapping[str, str]) -> Response:
    """Return a JSON answer with the result of `work`; if it takes long, one that is already being sent.

    If the work fails after that, the connection is cut, so that the client does not take a part for the whole: it
    repeats the request, and then gets the error. Raises what `work` raises until then.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait((task,), timeout=PATIENCE_S)
    except asyncio.CancelledError:
        await _ended(task)
        raise
    if done:
        return Response(task.result(), media_type="application/json", headers=dict(headers))
    return StreamingResponse(_after_spaces(task), media_type="application/json", headers=dict(headers))


async def with_signs_of_life(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield events, and a comment whenever none has come for a while."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait((upcoming,), timeout=EVERY_S)
            if not done:
                yield STILL_WORKING
            elif (event := upcoming.result()) is None:
                return
            else:
                yield event
                upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        await _ended(upcoming)


async def _after_spaces(task: asyncio.Task[bytes]) -> AsyncIterator[bytes]:
    try:
        done: set[Any] = set()
        while not done:
            yield _SPACE
            done, _ = await asyncio.wait((task,), timeout=EVERY_S)
        yield task.result()
    finally:
        await _ended(task)


async def _ended(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):  # it was raised to whom it concerns, or nobody is left
        await task
