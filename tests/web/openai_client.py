"""OpenAI's own client without a network: what it sends is read by our parsers, what we answer by its models."""

from __future__ import annotations

import email.message
import email.parser
import email.policy
from collections.abc import Callable
from typing import Any

import httpx2
import openai

from dropdub.web.fields import Fields

Answer = Callable[[Fields], tuple[str, str | bytes]]
"""Takes the fields that were sent and returns the content type and body of the answer."""


def client_of(answer: Answer) -> openai.OpenAI:
    """Return a client whose requests with a form are answered by `answer`."""

    def reply(request: httpx2.Request) -> tuple[str, str | bytes]:
        return answer(form_fields(request.headers["content-type"], request.read()))

    return client_with(reply)


def client_with(reply: Callable[[httpx2.Request], tuple[str, str | bytes]]) -> openai.OpenAI:
    """Return a client whose requests are answered with the content type and body that `reply` returns."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        kind, body = reply(request)
        content = body.encode() if isinstance(body, str) else body
        return httpx2.Response(200, headers={"content-type": kind}, content=content)

    return openai.OpenAI(
        api_key="none",
        base_url="http://127.0.0.1:9/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(handle)),
    )


def form_fields(content_type: str, body: bytes) -> Fields:
    """Return the text fields of a form."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return Fields.of(_field(part) for part in form.iter_parts() if part.get_filename() is None)


def _field(part: email.message.Message) -> tuple[str, str]:
    content: Any = part.get_payload(decode=True)
    return str(part.get_param("name", header="content-disposition")), content.decode()
