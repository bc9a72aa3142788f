"""Listen for clients of the Wyoming protocol, beside the HTTP server and in its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Sequence

from dropdub.errors import DropdubError
from dropdub.web.security.proxies import address_in, is_among
from dropdub.web.serving.listening import listen
from dropdub.web.site import Site
from dropdub.web.uploads.reception import Reception
from dropdub.web.wyoming.conversation import Conversation
from dropdub.web.wyoming.wire import BoundedReader, Wire, ended

MOST_CONNECTIONS = 32
RETRY_S = 10.0
"""How often it is tried again to listen at an address that is taken."""
SETTING = "web.wyoming"


async def serve_wyoming(site: Site, report: Callable[[str | None], None]) -> None:
    """Answer clients until cancelled, if the settings ask for it.

    `report` is called with a sentence while that is not possible, and with None once it is again.
    """
    address = site.config.web.wyoming_address
    if address is None:
        return
    sockets = await _listening(address, report)
    doors = Doors(site)
    try:
        await doors.open(sockets)
        await asyncio.Event().wait()
    finally:
        await doors.close()


async def _listening(address: tuple[str, int], report: Callable[[str | None], None]) -> Sequence[socket.socket]:
    has_failed = False
    while True:
        try:
            sockets = listen(*address, setting=SETTING)
        except DropdubError as error:
            if not has_failed:
                report(f"Wyoming clients cannot connect. {error.sentence}")
            has_failed = True
            await asyncio.sleep(RETRY_S)
        else:
            if has_failed:
                report(None)
            return sockets


class Doors:
    """The listening sockets, and the connections that came in. Belongs to the event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._reception = Reception(site.uploads, site.threads)
        self._allowed = tuple(map(ipaddress.ip_network, site.config.web.wyoming_clients))
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        for one in sockets:
            self._servers.append(await loop.create_server(self._protocol, sock=one))

    async def close(self) -> None:
        """Accept nothing more, and end all connections."""
        for server in self._servers:
            server.close()
        await asyncio.gather(*map(ended, self._tasks))

    def _protocol(self) -> asyncio.Protocol:
        return asyncio.StreamReaderProtocol(BoundedReader(), self._accept)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= MOST_CONNECTIONS or not self._is_allowed(writer):
            writer.transport.abort()
            return
        wire = Wire(reader, writer)
        task = asyncio.ensure_future(Conversation(self._site, self._reception, wire).run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_allowed(self, writer: asyncio.StreamWriter) -> bool:
        """Return whether a client may connect: any program of this machine, unless the settings name the machines."""
        with contextlib.suppress(TypeError, LookupError):  # it has left already
            address = address_in(writer.get_extra_info("peername")[0])
            return address is not None and (not self._allowed or is_among(address, self._allowed))
        return False
