"""Bodies and heads that are too long, too slow or never end: by raw sockets, against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dropdub.config import Limits
from dropdub.web.security.bodies import BodyLimit, BodyLimits, body_limits, is_form
from dropdub.web.security.scopes import room_scope
from dropdub.web.security.sessions import new_session, signed, signing_key
from dropdub.web.serving.connections import MOST_HALF_OPEN, MOST_HEAD_BYTES, WatchedConnection
from tests.waiting import wait_until
from tests.web.serving import Served, served

SMALL = BodyLimits(BodyLimit(1_000), {"/v1/audio/transcriptions": BodyLimit(100_000, takes_forms=True)})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server's patience with heads, and with what comes after an answer, end soon, too."""
    for patience in ("head_s", "rest_s", "stalled_s"):
        monkeypatch.setattr(WatchedConnection, patience, 1.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with small limits, whose patience with bodies ends soon."""
    with served(
        tmp_path_factory.mktemp("root"), changes={"bodies": lambda: SMALL, "body_idle_s": 1.0, "linger_s": 5.0}
    ) as one:
        yield one


def head(server: Served, path: str, *lines: str, token: str = "") -> bytes:
    given = [f"Host: 127.0.0.1:{server.port}", f"Authorization: Bearer {token or server.token}", *lines]
    return "\r\n".join([f"POST {path} HTTP/1.1", *given, "", ""]).encode()


def until_closed(raw: socket.socket) -> bytes:
    """Return everything that arrives until the server closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while part := raw.recv(65536):
            received += part
    return received


def is_healthy(raw: socket.socket) -> bool:
    """Read the answer about the health; return whether it is a good one."""
    received = b""
    while not received.endswith(b'{"ok":true}') and (part := raw.recv(65536)):
        received += part
    return received.startswith(b"HTTP/1.1 200 ")


def send_all(raw: socket.socket, data: bytes, times: int = 1) -> None:
    """Send, perhaps more than the server wants to read."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            raw.sendall(data)


def test_a_declared_length_is_refused_before_the_body_is_sent(server: Served) -> None:
    for length in ("1001", "9" * 18, "9" * 19):
        with server.connect() as raw:
            raw.sendall(head(server, "/v1/jobs", f"Content-Length: {length}", "Expect: 100-continue"))
            answer = raw.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413 "), length
        assert b"connection: close" in answer and b"x-should-retry: false" in answer and b"100 Continue" not in answer


def test_a_length_that_is_none_is_refused(server: Served) -> None:
    for length in ("-1", "1e3", "0x10", "+5", "5, 6"):
        with server.connect() as raw:
            raw.sendall(head(server, "/v1/jobs", f"Content-Length: {length}"))
            assert raw.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_each_route_has_its_own_limit_to_the_byte(server: Served) -> None:
    for path, most in (("/v1/jobs", 1_000), ("/v1/audio/transcriptions", 100_000)):
        assert server.ask("POST", path, server.bearer, b"x" * most).json["size"] == most
        assert server.ask("POST", path, server.bearer, b"x" * (most + 1)).status == 413


def test_a_sender_of_far_too_much_sees_the_answer(server: Served) -> None:
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", "Content-Length: 30000000"))
        send_all(raw, b"x" * 1_000_000, times=30)
        assert until_closed(raw).startswith(b"HTTP/1.1 413 ")
    assert server.ask("POST", "/v1/jobs", {"Authorization": "Bearer wrong"}, b"x" * 1_000).status == 401


def test_a_body_without_a_length_is_counted_while_it_is_read(server: Served) -> None:
    chunk = b"100\r\n" + b"x" * 256 + b"\r\n"
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", "Transfer-Encoding: chunked", "Connection: close") + 3 * chunk)
        raw.sendall(b"0\r\n\r\n")
        assert b'"size":768' in until_closed(raw)
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", "Transfer-Encoding: chunked"))
        send_all(raw, chunk, times=10_000)
        send_all(raw, b"0\r\n\r\n")
        answer = until_closed(raw)
    assert answer.startswith(b"HTTP/1.1 413 ") and answer.count(b"HTTP/1.1") == 1


def test_length_and_chunks_together_are_refused(server: Served) -> None:
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_body_that_stops_is_answered(server: Served) -> None:
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", "Content-Length: 100") + b"x" * 50)
        answer = until_closed(raw)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"body_too_slow" in answer and b"default-src 'none'" in answer


def test_a_body_that_trickles_is_answered(server: Served) -> None:
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", "Content-Length: 1000"))
        raw.settimeout(0.1)
        answer, ends_at = b"", time.monotonic() + 60
        while not answer and time.monotonic() < ends_at:
            send_all(raw, b"x")
            with contextlib.suppress(TimeoutError):
                answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("impatient")
def test_a_body_that_trickles_after_the_answer_is_closed(server: Served) -> None:
    """Who needs no token could otherwise occupy all connections."""
    request = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 1000\r\n\r\n".encode()
    with server.connect() as raw:
        raw.sendall(request)
        assert is_healthy(raw)
        send_all(raw, b"x")
        assert until_closed(raw) == b""


@pytest.mark.usefixtures("impatient")
def test_a_body_that_comes_after_the_answer_is_read_to_its_end(server: Served) -> None:
    """Many clients look for the answer only when they have sent everything."""
    ask = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    with server.connect() as raw:
        raw.sendall(f"{ask}Content-Length: 900\r\n\r\n".encode())
        assert is_healthy(raw)
        for _ in range(15):  # for longer than the server waits for nothing
            time.sleep(0.1)
            raw.sendall(b"x" * 60)
        raw.sendall(f"{ask}\r\n".encode())
        assert is_healthy(raw)


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Served]:
    """A server whose health never ends. Its state `left` is set when the client has gone."""
    app = FastAPI()
    app.state.left = threading.Event()

    async def blocks() -> AsyncIterator[bytes]:
        try:
            while True:
                await asyncio.sleep(0)
                yield b"x" * 65_536
        finally:
            app.state.left.set()

    @app.get("/v1/health")
    async def health() -> Response:
        return StreamingResponse(blocks())

    with served(tmp_path, app=app) as one:
        yield one


@pytest.mark.usefixtures("impatient")
def test_a_client_that_reads_nothing_of_its_answer_is_closed(endless: Served) -> None:
    with endless.connect() as raw:
        raw.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{endless.port}\r\n\r\n".encode())
        assert endless.app.state.left.wait(30)


@pytest.mark.usefixtures("impatient")
def test_a_client_that_reads_slowly_gets_its_answer(endless: Served) -> None:
    with endless.connect() as raw:
        raw.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{endless.port}\r\n\r\n".encode())
        for _ in range(30):
            time.sleep(0.1)
            assert len(raw.recv(4_000_000))
        assert not endless.app.state.left.is_set()


@pytest.mark.usefixtures("impatient")
def test_a_head_that_stops_is_closed(server: Served) -> None:
    for begun in (b"", b"GET /v1/health HTTP/1.1\r\nHost: x"):
        with server.connect() as raw:
            raw.sendall(begun)
            assert until_closed(raw) == b""


@pytest.mark.usefixtures("impatient")
def test_a_second_head_on_a_connection_that_trickles_is_closed(server: Served) -> None:
    request = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with server.connect() as raw:
        raw.sendall(request)
        assert raw.recv(65536).startswith(b"HTTP/1.1 200 ")
        raw.settimeout(0.1)
        ends_at = time.monotonic() + 60
        for byte in request[:-1] * 100:
            with contextlib.suppress(TimeoutError):
                send_all(raw, bytes([byte]))
                if raw.recv(1) == b"":
                    return
            assert time.monotonic() < ends_at, "the connection is still open"


def test_two_requests_sent_at_once_are_both_answered(server: Served) -> None:
    request = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with server.connect() as raw:
        raw.sendall(2 * request)
        received = b""
        while received.count(b'{"ok":true}') < 2:
            received += raw.recv(65536)
        assert received.count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize("kind", ["one header", "many headers", "the path", "no line at all"])
def test_a_head_of_100_mb_is_refused(server: Served, kind: str) -> None:
    begin, part = {
        "one header": (b"GET /v1/health HTTP/1.1\r\nX: ", b"x" * 1_000_000),
        "many headers": (b"GET /v1/health HTTP/1.1\r\n", b"X: y\r\n" * 150_000),
        "the path": (b"GET /", b"x" * 1_000_000),
        "no line at all": (b"", b"\r\n" * 500_000),
    }[kind]
    with server.connect() as raw:
        raw.sendall(begin)
        send_all(raw, part, times=100)
        answer = until_closed(raw)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert server.ask("GET", "/v1/health").status == 200


def test_a_head_just_above_the_limit_is_explained_and_one_below_is_answered(server: Served) -> None:
    assert server.ask("GET", "/v1/health", {"X": "x" * (MOST_HEAD_BYTES - 1_000)}).status == 200
    assert server.ask("GET", "/v1/health", {"X": "x" * MOST_HEAD_BYTES}).status == 431
    assert server.ask("POST", "/v1/jobs", {"X": "x" * MOST_HEAD_BYTES}, b"x" * 900).status == 431


def test_500_half_open_connections_keep_nobody_out(tmp_path: Path) -> None:
    with served(tmp_path) as server, contextlib.ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(500)]
        for one in held:
            send_all(one, b"GET / HTTP/1.1\r\n")
        for _ in range(5):
            assert server.ask("GET", "/v1/health").status == 200
        wait_until(lambda: _closed(held) >= 500 - MOST_HALF_OPEN, "the oldest connections to be closed")
        assert _closed(held[-50:]) == 0, "the youngest are not the ones that are closed"


def _closed(held: list[socket.socket]) -> int:
    closed = 0
    for one in held:
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            try:
                closed += one.recv(1) == b""
            except ConnectionResetError:
                closed += 1
    return closed


def test_beyond_the_most_requests_at_once_others_are_asked_to_come_later(tmp_path: Path) -> None:
    with served(tmp_path, changes={"most_requests": 2}) as server:
        with server.connect() as first, server.connect() as second:
            for raw in (first, second):
                raw.sendall(head(server, "/v1/jobs", "Content-Length: 100"))
            wait_until(lambda: server.ask("GET", "/v1/jobs", server.bearer).status == 503, "both to be worked on")
            refused = server.ask("GET", "/v1/jobs", server.bearer)
            assert refused.headers["retry-after"] == "1" and refused.json["error"]["code"] == "too_many_requests"
            assert server.ask("GET", "/v1/health").status == 200
        wait_until(lambda: server.ask("GET", "/v1/jobs", server.bearer).status == 200, "both to have ended")


def test_the_guests_of_a_room_cannot_take_all_places(tmp_path: Path) -> None:
    app = FastAPI()

    @app.post("/v1/rooms/7/utterances")
    async def say(request: Request) -> int:
        return len(await request.body())

    with served(tmp_path, app=app, changes={"most_of_guests": 2}) as server:
        key = signing_key(server.token, server.rules.password_version)
        cookie = f"{server.rules.cookie}={signed(new_session(time.time(), room_scope('7')), key)}"
        guest, path = {"Cookie": cookie, "Origin": server.origin}, "/v1/rooms/7/utterances"
        lines = [f"{name}: {value}" for name, value in guest.items()]
        with server.connect() as first, server.connect() as second:
            for raw in (first, second):
                raw.sendall("\r\n".join([f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *lines,
                                         "Content-Length: 100", "", ""]).encode())  # fmt: skip
            wait_until(lambda: server.ask("POST", path, guest, b"x").status == 503, "both to be worked on")
            assert server.ask("POST", path, server.bearer, b"x").status == 200, "others are answered"
        wait_until(lambda: server.ask("POST", path, guest, b"x").status == 200, "both to have ended")


@pytest.mark.usefixtures("impatient")
def test_a_connection_that_sends_a_blank_line_after_its_request_is_closed(server: Served) -> None:
    request = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with server.connect() as raw:
        raw.sendall(request)
        assert raw.recv(65536).startswith(b"HTTP/1.1 200 ")
        raw.sendall(b"\r\n")
        until_closed(raw)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/health\r\n\r\n",
        b"GET  /v1/health HTTP/1.1\r\n\r\n",
        b"GET /v1/health HTTP/9.9\r\n\r\n",
        b"GET /v1/health HTTP/1.1\nHost: x\n : y\n\n",
        b"POST /login HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/v1/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\x00" * 1_000,
    ],
)
def test_what_is_no_proper_request_is_refused(server: Served, sent: bytes) -> None:
    with server.connect() as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        answer = until_closed(raw)
    assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 421")
    assert server.ask("GET", "/v1/health").status == 200


def test_no_websocket_is_opened(server: Served) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")
    with server.connect() as raw:
        raw.sendall(head(server, "/v1/jobs", *upgrade, token="wrong"))
        assert raw.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_the_limits_follow_from_the_settings() -> None:
    limits = body_limits(Limits())
    assert limits.of("/asr").most == limits.of("/v1/uploads/7").most == 50_001_000_000
    assert limits.of("/v1/jobs").takes_forms and not limits.of("/v1/jobs/7/cancel").takes_forms
    assert limits.of("/v1/jobs/actions").most == limits.of("/nothing").most == 16_000_000
    assert limits.of("/login") == BodyLimit(4_096, takes_forms=True)
    assert limits.of("/v1/uploads/7/x") == limits.of("") == limits.usual
    assert replace(limits, by_path={}).of("/asr") == limits.usual
    assert is_form("multipart/form-data;boundary=x") and not is_form("application/json") and not is_form("")
