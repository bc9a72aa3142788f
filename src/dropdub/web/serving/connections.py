"""The settings of uvicorn, and what it lacks: limits for clients that keep a connection without using it.

It waits without end for a head, for the rest of a body whose request is answered, and for a client that does not read.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dropdub.config import WebSettings
from dropdub.config.web import Tls
from dropdub.errors import ConfigError
from dropdub.web.security.asgi import App
from dropdub.web.security.bodies import IDLE_S, SLOWEST_BYTES_S

HEAD_S = 10.0
"""How long a client may take to send the head of a request, from its first byte or the beginning of the connection."""
STALLED_S = 300.0
"""How long a client may read nothing of an answer. Players that are paused do that for a while."""
MOST_HEAD_BYTES = 64_000
MOST_HALF_OPEN = 128
"""When more connections wait for the head of a request, the oldest of them are closed: nobody can occupy all."""
MOST_CONNECTIONS = 512
"""Beyond that, uvicorn itself answers 503. The guard limits the requests that are worked on."""
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n"
    b"x-content-type-options: nosniff\r\n\r\n"
)


class Deadline:
    """A call that is made at a time of the loop's clock, unless it is put off or lifted before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def at(self) -> float | None:
        """Return when the call is due; None if it is not."""
        return None if self._timer is None else self._timer.when()

    def set(self, at: float, call: Callable[[], None]) -> None:
        """Make this call at a time, in place of any before."""
        self.lift()
        self._timer = self._loop.call_at(at, call)

    def lift(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class WatchedConnection(HttpToolsProtocol):
    """A connection that is closed when a client only occupies it.

    The head of a request may be neither too long nor too slow. The rest of a body whose request is answered must come
    as fast as any body, and what is sent must be read.
    """

    head_s, rest_s, stalled_s = HEAD_S, IDLE_S, STALLED_S

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.access_log = False  # it would contain queries; whoever configures logging may undo uvicorn's own setting
        self._head, self._rest, self._reader = (Deadline(self.loop) for _ in range(3))
        self._head_bytes = 0
        self._is_in_message = self._is_refused = False

    @property
    def is_half_open(self) -> bool:
        """Return whether it waits for the end of a request's head."""
        return self._head.at is not None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._expect_head()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_all()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._head_bytes += len(data) if self.is_half_open else 0
        super().data_received(data)
        if self._rest.at is not None:
            self._expect_rest(self._rest.at + len(data) / SLOWEST_BYTES_S)
        if not self._is_in_message and (self.cycle is None or self.cycle.response_complete):
            self._expect_head()  # after blank lines, uvicorn would wait without end
        if self.is_half_open and self._head_bytes > MOST_HEAD_BYTES:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_message = True
        self._reader.lift()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._head.lift()
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MOST_HEAD_BYTES:
            self._refuse()
        if not self._is_refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_message = False
        self._rest.lift()
        if not self._is_refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_in_message and self.cycle.response_complete:
            self._expect_rest(self.loop.time() + self.rest_s)
        self._expect_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        self._reader.lift()
        super().resume_writing()

    def _expect_head(self) -> None:
        if not self.is_half_open and not self.transport.is_closing():
            self._head_bytes = 0
            self._head.set(self.loop.time() + self.head_s, self._close)

    def _expect_rest(self, deadline: float) -> None:
        """Wait for the rest of a body that nobody reads any more: until `deadline`, and never long for nothing."""
        self._rest.set(min(deadline, self.loop.time() + self.rest_s), self._close)

    def _expect_reading(self) -> None:
        """Look after a while whether the client has read any of what waits for it."""
        self._reader.lift()
        if waiting := self.transport.get_write_buffer_size():
            self._reader.set(self.loop.time() + self.stalled_s, lambda: self._look_at_reader(waiting))

    def _look_at_reader(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._expect_reading()
        else:
            self._close()

    def _stop_all(self) -> None:
        for one in (self._head, self._rest, self._reader):
            one.lift()

    def _make_room(self) -> None:
        """Close the half-open connections that have waited longest, if there are too many."""
        waiting = [one for one in self.connections if isinstance(one, WatchedConnection) and one.is_half_open]
        if len(waiting) > MOST_HALF_OPEN:
            waiting.sort(key=lambda one: one._head.at or 0.0)
            for one in waiting[: len(waiting) - MOST_HALF_OPEN]:
                one._close()

    def _refuse(self) -> None:
        self._is_refused = True
        self._head.lift()
        if not self.transport.is_closing():
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def _close(self) -> None:
        self._stop_all()
        self.connections.discard(self)
        self.transport.abort()


def server_config(app: App, web: WebSettings) -> uvicorn.Config:
    """Return the settings for uvicorn, which gets its sockets from `listening`.

    It logs no requests, whose addresses may contain secrets, believes no proxy, and knows no WebSockets. Raises
    ConfigError if the certificate or its key cannot be used.
    """
    _refuse_unusable(web.tls)
    return uvicorn.Config(
        app,
        http=WatchedConnection,
        ws="none",
        loop="asyncio",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=3,
        ssl_certfile=web.tls.cert,
        ssl_keyfile=web.tls.key,
    )


def _refuse_unusable(tls: Tls) -> None:
    """Raise ConfigError if HTTPS is wanted and not possible: uvicorn's own error has no sentence."""
    if tls.cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key, password=lambda: "")
    except OSError as error:  # also ssl.SSLError
        raise ConfigError(
            f"The certificate {tls.cert} cannot be used with the key {tls.key}: {error.strerror or error}.",
            remedy="Correct web.tls in config.yaml. Both files must be PEM, and the key without a passphrase.",
        ) from error
