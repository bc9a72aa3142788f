"""Clients that store whatever an answer contains get errors without a body: the sentence is in a header."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dropdub.web.answering.bodiless_errors import without_error_bodies
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.job_headers import HEADER, warning_headers
from dropdub.web.security.asgi import App


def app_that_answers(status: int, *parts: bytes) -> App:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        length = str(sum(map(len, parts))).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length), (b"retry-after", b"5")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, part in enumerate(parts, start=1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    return without_error_bodies(app, {"/asr"})


def asked(app: App, path: str, sent: list[Any] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the answer; `sent` is given its messages."""
    sent = [] if sent is None else sent

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    asyncio.run(app({"type": "http", "path": path}, receive, send))
    start, *rest = (message for message in sent if isinstance(message, dict))
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(message["body"] for message in rest)


ERROR = json.dumps(ApiError(429, "32 requests wait already.", remedy="Try again\nlater — até já.").body()).encode()


def test_an_error_has_no_body_but_its_sentence_and_its_other_headers() -> None:
    status, headers, body = asked(app_that_answers(429, ERROR), "/asr")
    assert (status, body) == (429, b"")
    assert headers == {
        "content-length": "0",
        "retry-after": "5",
        "x-dropdub-error": "32 requests wait already. Try again later %E2%80%94 at%C3%A9 j%C3%A1.",
    }


def test_an_error_is_sent_before_a_refused_file_has_arrived() -> None:
    """The connection is closed soon after that: a client that still sends would not see a later answer."""
    sent: list[Any] = []

    async def refusing(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": []})
        await send({"type": "http.response.body", "body": ERROR, "more_body": True})
        sent.append("the rest of the file")
        await send({"type": "http.response.body", "body": b""})

    asked(without_error_bodies(refusing, {"/asr"}), "/asr", sent)
    assert [one if isinstance(one, str) else one.get("status", one.get("body")) for one in sent] == [
        413,
        b"",
        "the rest of the file",
        b"",
    ]


@pytest.mark.parametrize(("status", "path"), [(200, "/asr"), (429, "/v1/audio/speech")])
def test_everything_else_is_passed_on_unchanged(status: int, path: str) -> None:
    assert asked(app_that_answers(status, b"1", b"2"), path)[2] == b"12"


def test_an_error_that_is_no_json_is_said_as_it_is() -> None:
    assert asked(app_that_answers(500, b"Broken."), "/asr")[1]["x-dropdub-error"] == "Broken."


def test_warnings_fit_into_a_header() -> None:
    assert warning_headers([]) == {}
    [value] = warning_headers(["One.", "Zwei\r\nX-Evil: 1", "100 %"]).values()
    assert value == "One. Zwei X-Evil: 1 100 %25"
    assert HEADER.lower() == HEADER
