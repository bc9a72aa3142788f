"""The port is taken exclusively, at both loopback addresses, or a sentence says why not."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from dropdub.errors import UsageError
from dropdub.web.serving.listening import PortTaken, listen, port_of


@contextmanager
def listening(address: str, port: int = 0) -> Iterator[list[socket.socket]]:
    sockets = listen(address, port)
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_loopback_addresses_are_taken_with_one_port(address: str) -> None:
    with listening(address) as sockets:
        assert {one.getsockname()[1] for one in sockets} == {port_of(sockets)}
        names = [one.getsockname()[0] for one in sockets]
        assert names == (["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"])
        assert {one.proto for one in sockets} == {socket.IPPROTO_TCP}, "answers would be held back for 40 ms"
        for name in names:
            socket.create_connection((name, port_of(sockets)), timeout=60).close()


def test_a_taken_port_is_explained_and_nothing_stays_open() -> None:
    with listening("127.0.0.1") as sockets:
        for address in ("127.0.0.1", "0.0.0.0"):
            with pytest.raises(PortTaken) as raised:
                listen(address, port_of(sockets))
            assert str(port_of(sockets)) in raised.value.message and "web.port" in raised.value.remedy


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_a_port_that_is_taken_at_one_loopback_address_is_refused() -> None:
    with closing(socket.socket(socket.AF_INET6)) as other:
        other.bind(("::1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken):
            listen("127.0.0.1", port)
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", port))


def test_nobody_else_can_take_the_port_meanwhile() -> None:
    with listening("127.0.0.1") as sockets, closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError):
            other.bind(("127.0.0.1", port_of(sockets)))


def test_a_port_can_be_taken_again_at_once_after_connections() -> None:
    with listening("127.0.0.1") as sockets:
        port = port_of(sockets)
        client = socket.create_connection(("127.0.0.1", port), timeout=60)
        sockets[0].setblocking(True)
        sockets[0].accept()[0].close()
        client.close()
    with listening("127.0.0.1", port) as again:
        assert port_of(again) == port


def test_an_address_that_the_machine_lacks_is_explained() -> None:
    with pytest.raises(UsageError, match=r"cannot listen at 192\.0\.2\.1") as raised:
        listen("192.0.2.1", 0)
    assert "web.bind" in raised.value.remedy


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="every port may be used here")
def test_a_port_of_administrators_is_explained() -> None:
    with pytest.raises(UsageError, match="may not use port 80"):
        listen("127.0.0.1", 80)
