"""Server-sent events: one `data:` line of JSON each, as clients of OpenAI's API parse them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import Responses

CONTENT_TYPE = "text/event-stream"
STILL_WORKING = b": wait\n\n"
"""A comment, which clients skip: it keeps the connection open while there is nothing to say."""
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Proxies are to keep nothing, and to pass each event on at once: nginx collects them otherwise."""


def event(data: Mapping[str, Any]) -> bytes:
    """Return an event. Its JSON is on one line: a line break would end the `data:`."""
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def named_event(kind: str, data: Mapping[str, Any], id_: int | None = None) -> bytes:
    """Return an event of a kind. A browser that connects again sends the last `id_` that it has got."""
    number = "" if id_ is None else f"id: {id_}\n"
    return f"event: {kind}\n{number}".encode() + event(data)


def failure(error: ApiError) -> bytes:
    """Return the event that ends a stream whose work failed: OpenAI's clients raise it as an error."""
    return event(error.body())


def stream_answer(events: AsyncIterator[bytes]) -> Response:
    """Return the answer that sends events to a page, as they happen."""
    return StreamingResponse(events, headers=_HEADERS, media_type=CONTENT_TYPE)


def described_stream(events: str) -> Responses:
    """Return what the API's document says of such an answer. `events`: which there are."""
    content = {CONTENT_TYPE: {"schema": {"type": "string"}}}
    return {200: {"description": f"Events {events}", "content": content}}
