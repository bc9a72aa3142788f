"""Connections of Wyoming clients in this process: who may connect, what is no event, and who sends or reads nothing."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from dropdub.config import load_config
from dropdub.operations.place import find_place
from dropdub.web.presence import ClientLeft
from dropdub.web.serving.link import Link
from dropdub.web.serving.listening import listen, port_of
from dropdub.web.site import Site
from dropdub.web.wyoming import server
from dropdub.web.wyoming.server import MOST_CONNECTIONS, Doors, serve_wyoming
from dropdub.web.wyoming.wire import BoundedReader, Wire
from tests.acceptance.site import Site as Root


def site_of(folder: Path, **web: object) -> Site:
    root = Root(folder / "root", web=web)
    place = find_place(root.root)
    return Site(place, load_config(place.root.config_file), Link(io.BytesIO()))  # a daemon that does nothing


def with_doors(folder: Path, work: Callable[[int], Awaitable[None]], **web: object) -> None:
    """Run `work` with the port of a server of Wyoming clients. Nothing is asked of the engines."""

    async def run() -> None:
        with closing(site_of(folder, **web)) as site:
            doors, sockets = Doors(site), listen("127.0.0.1", 0)
            try:
                await doors.open(sockets)
                await asyncio.wait_for(work(port_of(sockets)), 60)
            finally:
                await doors.close()

    asyncio.run(run())


async def exchanged(port: int, sent: bytes, *, cut: bool = False) -> bytes:
    """Send bytes; return everything that is answered until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    if cut:
        writer.write_eof()
    found = await reader.read()
    writer.close()
    return found


async def answers_ping(port: int) -> bool:
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Ping("x").event())
        event = await client.read_event()
        return event is not None and Pong.from_event(event) == Pong("x")


async def is_let_in(port: int) -> bool:
    try:
        return await answers_ping(port)
    except OSError:
        return False


HOSTILE = {
    "a request of a web page": b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + b'{"type": "describe"}\n',
    "an endless line": b"x" * 200_000,
    "no JSON": b"\x00\xff\n",
    "a list": b"[1]\n",
    "a number": b"7\n",
    "deep nesting": b"[" * 30_000 + b"\n",
    "no type": b"{}\n",
    "a type that is a list": b'{"type": []}\n',
    "data that is a list": b'{"type": "ping", "data": []}\n',
    "data that is no object": b'{"type": "ping", "data_length": 3}\n[1]',
    "a huge length of data": b'{"type": "ping", "data_length": 99999999999}\n',
    "a huge payload": b'{"type": "audio-chunk", "payload_length": 2000000}\n',
    "a length that is a text": b'{"type": "ping", "data_length": "9"}\n',
    "a length that is a fraction": b'{"type": "ping", "payload_length": 1.5}\n',
    "a length that is true": b'{"type": "ping", "payload_length": true}\nx',
}


def test_what_is_no_event_gets_an_error_and_ends_its_connection_only(tmp_path: Path) -> None:
    async def work(port: int) -> None:
        for what, sent in HOSTILE.items():
            answer = (await exchanged(port, sent)).partition(b"\n")
            assert json.loads(answer[0])["type"] == "error", what
            assert b"NotAnEvent" in answer[2], what
        assert await answers_ping(port)

    with_doors(tmp_path, work)


@pytest.mark.parametrize("sent", [b"", b'{"type": "pi', b'{"type": "ping", "data_length": 50}\n{"te'])
def test_a_client_that_leaves_in_the_middle_of_an_event_is_not_answered(tmp_path: Path, sent: bytes) -> None:
    async def work(port: int) -> None:
        assert await exchanged(port, sent, cut=True) == b""
        assert await answers_ping(port)

    with_doors(tmp_path, work)


def test_events_that_are_not_known_are_ignored(tmp_path: Path) -> None:
    async def work(port: int) -> None:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for kind in ("select-program", "detect", "run-satellite", "audio-chunk"):
                await client.write_event(Event(kind, {"name": "x"}))
            await client.write_event(Ping().event())
            event = await client.read_event()
            assert event is not None and event.type == "pong"

    with_doors(tmp_path, work)


def test_only_the_machines_in_the_settings_may_connect(tmp_path: Path) -> None:
    async def refused(port: int) -> None:
        assert not await is_let_in(port)

    async def accepted(port: int) -> None:
        assert await is_let_in(port)

    with_doors(tmp_path / "one", refused, wyoming_clients=["192.0.2.0/24"])
    with_doors(tmp_path / "two", accepted, wyoming_clients=["192.0.2.0/24", "127.0.0.0/8"])


def test_more_clients_than_allowed_are_not_let_in_until_others_leave(tmp_path: Path) -> None:
    async def work(port: int) -> None:
        clients = [AsyncTcpClient("127.0.0.1", port) for _ in range(MOST_CONNECTIONS)]
        for client in clients:
            await client.connect()
            await client.write_event(Ping().event())
            assert await client.read_event()
        assert not await is_let_in(port)
        await clients[0].disconnect()
        async with asyncio.timeout(30):
            while not await is_let_in(port):
                await asyncio.sleep(0.01)
        for client in clients[1:]:
            await client.disconnect()

    with_doors(tmp_path, work)


ASKED: dict[str, Sequence[Eventable]] = {
    "a text": [Synthesize("Nobody hears this.")],
    "a streamed text": [SynthesizeStart(), SynthesizeChunk("Nobody hears this. Or this")],
    "speech": [AudioStart(16_000, 2, 1), AudioChunk(16_000, 2, 1, bytes(32_000)), AudioStop()],
}


@pytest.mark.parametrize("events", ASKED.values(), ids=ASKED)
def test_a_client_that_leaves_cancels_what_has_not_begun(tmp_path: Path, events: Sequence[Eventable]) -> None:
    def cancelled() -> list[int]:
        return [row["cancel_requested"] for row in Root(tmp_path / "root").rows("SELECT cancel_requested FROM job")]

    async def work(port: int) -> None:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event.event())
            await until(lambda: cancelled() == [0])
        await until(lambda: cancelled() == [1])

    with_doors(tmp_path, work)


def test_a_client_that_sends_nothing_or_reads_nothing_is_given_up() -> None:
    async def work() -> None:
        left, right = socket.socketpair()
        reader = BoundedReader()
        transport, protocol = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), left
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        wire = Wire(reader, writer, idle_s=0.2)
        right.sendall(b'{"type": ')
        with pytest.raises(Exception, match=r"Nothing came for 0\.2 seconds"):
            await wire.next()
        with pytest.raises(ClientLeft):
            while True:
                await wire.send(Error("x" * 500_000))
        transport.abort()
        right.close()

    asyncio.run(work())


def test_a_taken_port_is_reported_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "RETRY_S", 0.05)
    monkeypatch.setattr(Doors, "open", _nothing)
    reports: list[str | None] = []

    async def work() -> None:
        taken = listen("127.0.0.1", 0)
        with closing(site_of(tmp_path, wyoming=f"127.0.0.1:{port_of(taken)}")) as site:
            task = asyncio.ensure_future(serve_wyoming(site, reports.append))
            await until(lambda: len(reports) == 1)
            for one in taken:
                one.close()
            await until(lambda: len(reports) == 2)
            task.cancel()

    asyncio.run(work())
    assert reports[0] is not None and "is used by another program" in reports[0]
    assert "choose another port with web.wyoming in config.yaml" in reports[0] and reports[1] is None


async def _nothing(_doors: Doors, sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
