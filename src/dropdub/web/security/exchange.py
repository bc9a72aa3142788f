"""One request and its answer: counts and times the body, completes the answer's headers, and can refuse at any time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable

from dropdub.units import format_size
from dropdub.web.answering.errors import ApiError
from dropdub.web.security.answer_headers import Pair, completed
from dropdub.web.security.asgi import Message, Receive, Send
from dropdub.web.security.bodies import SLOWEST_BYTES_S


class Exchange:
    """Stands between the server and the application for one request.

    A body that is too long or too slow is answered here; for the application, the client has then left.
    """

    def __init__(
        self, receive: Receive, send: Send, *, most: int, idle_s: float, linger_s: float, nonce: str, origin: str | None
    ) -> None:
        """`most`: bytes of the body. `origin`: a configured one whose page asks. Other values as in `Rules`."""
        self._receive, self._send = receive, send
        self._most, self._idle_s, self._linger_s = most, idle_s, linger_s
        self._nonce, self._origin = nonce, origin
        self._received, self._waited_s = 0, 0.0
        self._is_read = self._has_begun = self._is_refused = False

    async def receive(self) -> Message:
        """Receive the next part of the body, as the application's `receive`."""
        if self._is_refused:
            return {"type": "http.disconnect"}
        if self._is_read:
            return await self._receive()
        try:
            return await self._next_part()
        except ApiError as error:
            await self.refuse(error, has_body=True)
            return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the answer, as the application's `send`."""
        if self._is_refused:
            return
        if message["type"] == "http.response.start":
            self._has_begun = True
            message = {**message, "headers": self._completed(message.get("headers", ()))}
        await self._send(message)

    async def answer(self, status: int, headers: Iterable[Pair] = (), body: bytes = b"") -> None:
        """Answer without the application."""
        length = () if status == 204 else ((b"content-length", str(len(body)).encode()),)
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
        await self.send({"type": "http.response.body", "body": body})

    async def refuse(self, error: ApiError, *, has_body: bool) -> None:
        """Answer with an error. If the application has begun to answer, only end the connection."""
        has_begun, self._is_refused = self._has_begun, True
        if has_begun:
            return
        body = json.dumps(error.body(), ensure_ascii=False).encode("utf-8", "replace")
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in error.headers.items()]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [(b"connection", b"close")] if has_body else []
        await self._send({"type": "http.response.start", "status": error.status, "headers": self._completed(headers)})
        await self._send({"type": "http.response.body", "body": body, "more_body": has_body})
        if has_body:
            await self._read_the_rest()
            await self._send({"type": "http.response.body", "body": b""})

    async def _next_part(self) -> Message:
        began = time.monotonic()
        patience_s = self._idle_s + self._received / SLOWEST_BYTES_S - self._waited_s
        try:
            async with asyncio.timeout(max(0.0, min(self._idle_s, patience_s))):
                message = await self._receive()
        except TimeoutError:
            self._linger_s = 0.0
            raise ApiError(408, "The request's body did not arrive in time.", "body_too_slow") from None
        self._waited_s += time.monotonic() - began
        self._received += len(message.get("body", b""))
        self._is_read = not message.get("more_body", False)
        if self._received > self._most:
            raise too_long(self._most)
        return message

    async def _read_the_rest(self) -> None:
        """Discard what the client still sends: closing at once would reset the connection before that."""
        try:
            async with asyncio.timeout(self._linger_s):
                while (await self._receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass

    def _completed(self, headers: Iterable[Pair]) -> list[Pair]:
        return completed(headers, nonce=self._nonce, origin=self._origin)


def too_long(most: int) -> ApiError:
    """Return the error for a body of more than `most` bytes."""
    return ApiError(
        413, f"The request's body is too long: here, at most {format_size(most)} are possible.", "body_too_long",
        remedy="The limits are limits.max_size and limits.max_text in config.yaml.",
        headers={"x-should-retry": "false"},
    )  # fmt: skip
