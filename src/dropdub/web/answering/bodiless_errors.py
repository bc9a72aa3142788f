"""Errors without a body, for clients that store whatever an answer contains."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from dropdub.web.answering.job_headers import in_header
from dropdub.web.security.asgi import App, Message, Receive, Scope, Send

HEADER = b"x-dropdub-error"
_BODY_HEADERS = (b"content-length", b"content-type")


def without_error_bodies(app: App, paths: Collection[str]) -> App:
    """Return an application whose errors under `paths` have an empty body: the sentence is in a header."""

    async def emptied(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in paths:
            await app(scope, receive, send)
            return
        start: list[Message] = []
        is_error = False

        async def send_emptied(message: Message) -> None:
            nonlocal is_error
            if message["type"] == "http.response.start" and message["status"] >= 400:
                is_error = True
                start.append(message)
                return
            if start:  # the sentence is whole in the first part; the end may wait until a refused file was sent
                await send(_emptied(start.pop(), message.get("body", b"")))
            await send({**message, "body": b""} if is_error else message)

        await app(scope, receive, send_emptied)

    return emptied


def _emptied(start: Message, body: bytes) -> Message:
    kept = [(name, value) for name, value in start["headers"] if name.lower() not in _BODY_HEADERS]
    return {**start, "headers": [*kept, (b"content-length", b"0"), (HEADER, in_header(_sentence(body)).encode())]}


def _sentence(body: bytes) -> str:
    try:
        found: Any = json.loads(body)
        return f"{found['error']['message']} {found.get('remedy', '')}".strip()
    except (ValueError, TypeError, KeyError):
        return body.decode("utf-8", "replace")
