"""The events of one connection: read within limits, and written to clients that may stop reading."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.ping import Ping, Pong

from dropdub.web.answering.errors import ApiError
from dropdub.web.presence import ClientLeft

T = TypeVar("T")

LONGEST_LINE = 65_536
"""Bytes of an event's first line."""
LONGEST_PART = 1 << 20
"""Bytes of its data, and of its payload: half a minute of sound, where clients send a tenth of a second."""
IDLE_S = 120.0
"""How long a client may take to send an event, and how long it may read nothing of what is sent to it."""
LINGER_S = 2.0
_MALFORMED = (TypeError, AttributeError, LookupError, RecursionError)
"""What the library raises for JSON that is no event."""


class BoundedReader(asyncio.StreamReader):
    """Refuses to read more at once than an event may have: the length is in the event, whose sender may lie."""

    def __init__(self) -> None:
        super().__init__(limit=LONGEST_LINE)

    async def readexactly(self, n: int) -> bytes:
        """Return `n` bytes. Raises ValueError if they are too many, or no number of bytes."""
        if type(n) is not int or n > LONGEST_PART:
            raise ValueError("the event is too long")
        return await super().readexactly(n)


class Wire:
    """Reads and writes the events of one client. `idle_s`: see `IDLE_S`.

    Times are limited by `asyncio.timeout`: before Python 3.12, `asyncio.wait_for` may lose a cancellation.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, idle_s: float = IDLE_S) -> None:
        self._reader, self._writer, self._idle_s = reader, writer, idle_s
        self._upcoming: asyncio.Task[Event] | None = None

    async def next(self) -> Event:
        """Return the next event. Raises ClientLeft at the end, ApiError if it is none, or does not come in time."""
        upcoming, self._upcoming = self._ahead(), None
        try:
            async with asyncio.timeout(self._idle_s):
                return await upcoming
        except TimeoutError:
            message = f"Nothing came for {self._idle_s:g} seconds."
            raise ApiError(408, message, "Idle") from None

    async def send(self, *events: Eventable) -> None:
        """Send events. Raises ClientLeft if the client has closed the connection, or does not read."""
        try:
            for event in events:
                async with asyncio.timeout(self._idle_s):
                    await async_write_event(event.event(), self._writer)
        except (OSError, TimeoutError):
            raise ClientLeft from None

    async def answer_ping(self, event: Event) -> bool:
        """Answer an event if it is a ping; return whether it was."""
        if not Ping.is_type(event.type):
            return False
        text = event.data.get("text")
        await self.send(Pong(text if isinstance(text, str) else None))
        return True

    async def unless_left(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`; end it and raise ClientLeft if the client leaves first. Pings are answered."""
        working = asyncio.ensure_future(work)
        try:
            while not working.done() and not (self._upcoming and self._upcoming.done()):
                await asyncio.wait((working, self._ahead()), return_when=asyncio.FIRST_COMPLETED)
                await self._look_ahead()
            return await working
        finally:
            await ended(working)

    async def hang_up(self) -> None:
        """End the answers. What the client still sends is thrown away for a moment, in which it can read the last one:

        a connection that is closed before everything is read is reset, and what was sent may be lost.
        """
        await self._stop_reading()
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.write_eof()
            async with asyncio.timeout(LINGER_S):
                await self._throw_away()

    async def close(self) -> None:
        """Close the connection."""
        await self._stop_reading()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await self._writer.wait_closed()
        self._writer.transport.abort()  # what a client does not read would keep the connection open

    async def _stop_reading(self) -> None:
        if self._upcoming is not None:
            await ended(self._upcoming)

    async def _throw_away(self) -> None:
        while await self._reader.read(LONGEST_LINE):
            pass

    def _ahead(self) -> asyncio.Task[Event]:
        if self._upcoming is None:
            self._upcoming = asyncio.ensure_future(self._read())
        return self._upcoming

    async def _look_ahead(self) -> None:
        """Answer a ping that came during work; any other event stays for `next`. Raises ClientLeft and ApiError."""
        upcoming = self._upcoming
        if upcoming is not None and upcoming.done() and await self.answer_ping(upcoming.result()):
            self._upcoming = None

    async def _read(self) -> Event:
        try:
            event = await async_read_event(self._reader)
        except (OSError, asyncio.IncompleteReadError):
            raise ClientLeft from None
        except _MALFORMED as error:
            raise _no_event() from error
        if event is None:
            raise ClientLeft if self._reader.at_eof() else _no_event()
        if not (isinstance(event.type, str) and isinstance(event.data, dict)):
            raise _no_event()
        return event


async def ended(task: asyncio.Future[Any]) -> None:
    """Cancel a task whose result nobody needs any more, and wait for its end."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):  # it was raised to whom it concerns
        await task


def _no_event() -> ApiError:
    return ApiError(400, "This is no event of the Wyoming protocol, or it is too long.", "NotAnEvent")
