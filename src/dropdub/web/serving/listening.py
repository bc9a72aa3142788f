"""Take the port: exclusively, so that no other program can listen on the same one."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from dropdub.errors import DropdubError, UsageError

_BACKLOG = 512
_TRIES = 20
_LOOPBACK = ("127.0.0.1", "::1")


class PortTaken(DropdubError):
    """Another program listens on the port."""


def listen(address: str, port: int, *, setting: str | None = None) -> list[socket.socket]:
    """Return listening sockets for an address of this machine; port 0 chooses a free one.

    `setting`: where both are set, for the remedies, if not in web.bind and web.port.

    For 127.0.0.1 and ::1, both are taken, since `localhost` may mean either; one that the machine lacks is left out.
    Raises PortTaken; UsageError if the machine does not have the address, or the account may not use the port.
    """
    where = _Settings(setting or "web.bind", setting or "web.port")
    addresses = _LOOPBACK if address in _LOOPBACK else (address,)
    for is_last_try in (False,) * (_TRIES - 1) + (True,):
        with contextlib.ExitStack() as undone:
            try:
                sockets = list(_bound(addresses, port, where, undone))
            except PortTaken:
                if port == 0 and not is_last_try:
                    continue  # a port that is free at one address may be taken at the other
                raise
            undone.pop_all()
            return sockets
    raise AssertionError("unreachable: the last try returns or raises")


@dataclass(frozen=True)
class _Settings:
    """The settings that hold address and port."""

    address: str
    port: str


def port_of(sockets: list[socket.socket]) -> int:
    """Return the port on which sockets listen."""
    return int(sockets[0].getsockname()[1])


def _bound(
    addresses: tuple[str, ...], port: int, where: _Settings, undone: contextlib.ExitStack
) -> Iterator[socket.socket]:
    """Yield a socket for each address; all have the port that the first one gets."""
    for address in addresses:
        try:
            one = undone.enter_context(_exclusive(address))
            one.bind((address, port))
            one.listen(_BACKLOG)
        except OSError as error:
            if _is_lacking(error) and address == "::1" != addresses[0]:
                continue
            raise _explained(error, address, port, where) from error
        port = one.getsockname()[1]
        yield one


def _exclusive(address: str) -> socket.socket:
    """Return a socket whose port nobody can share.

    On Windows, SO_REUSEADDR would let another program take over the port; elsewhere it only lets a server start while
    connections of its predecessor are still being closed. The socket names its protocol, since asyncio otherwise leaves
    Nagle's algorithm on, and answers whose head and body are written apart take 40 ms longer.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform == "win32":
        one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address == "::" else 1)
    one.setblocking(False)
    return one


def _is_lacking(error: OSError) -> bool:
    return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def _explained(error: OSError, address: str, port: int, where: _Settings) -> DropdubError:
    taken = f"End that program, or choose another port with {where.port} in config.yaml."
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"Port {port} at {address} is used by another program.", remedy=taken)
    if error.errno == errno.EACCES and sys.platform == "win32":
        return PortTaken(f"Port {port} at {address} is used by another program, or reserved by Windows.", remedy=taken)
    if error.errno == errno.EACCES:
        remedy = f"Choose one above 1023 with {where.port} in config.yaml."
        return UsageError(f"This account may not use port {port}.", remedy=remedy)
    remedy = f"Correct {where.address} in config.yaml."
    return UsageError(f"This machine cannot listen at {address}: {error.strerror}.", remedy=remedy)
