"""One request to a server with a language model, and its answer: limited in time and length, without redirects.

What runs on this machine is never asked through a proxy. The key goes into a header of this request, and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dropdub.language_server.server import Server
from dropdub.masking import MASK
from dropdub.units import format_duration
from dropdub.untrusted.characters import on_one_line

CLIENT = "httpx2"
CONNECT_S = 10.0
MOST_BYTES = 4_000_000
"""Of an answer: far more than any translation of a few lines."""


class ServerAway(Exception):
    """The server cannot be reached, or breaks off. The text completes a sentence: `The server HOST …`."""


class TooSlow(ServerAway):
    """The server has not answered completely in the time that it had."""


@dataclass(frozen=True)
class Answer:
    """The status of an answer, and its JSON; None if it is none, or longer than `MOST_BYTES`.

    `error`: what the server says is wrong, for a message; empty if it says nothing.
    """

    status: int
    data: Any
    error: str = ""


def ask(server: Server, path: str, body: Mapping[str, Any] | None = None, *, within_s: float) -> Answer:
    """Send a GET, or a POST with a body as JSON, to a path that is added to the server's address.

    `within_s` seconds are for the whole exchange, however slowly bytes arrive. Raises ServerAway.
    """
    return ask_at(server, f"{server.address}{path}", body, within_s=within_s)


def ask_at(server: Server, url: str, body: Mapping[str, Any] | None = None, *, within_s: float) -> Answer:
    """Do the same at a full address of the same server."""
    logging.getLogger(CLIENT).setLevel(logging.WARNING)  # it would log each request
    return asyncio.run(_answer(server, url, body, within_s))


async def _answer(server: Server, url: str, body: Mapping[str, Any] | None, within_s: float) -> Answer:
    import httpx2  # noqa: PLC0415  takes 0.1 s, and only those who use such a server need it

    headers = {"Accept-Encoding": "identity", "Accept": "application/json"}
    if server.key is not None:
        headers["Authorization"] = f"Bearer {server.key}"
    options: dict[str, Any] = {
        "timeout": httpx2.Timeout(None, connect=CONNECT_S),
        "trust_env": not server.is_local,
        "verify": url.startswith("https:"),  # reading the authorities takes longer than a request without them
        "follow_redirects": False,
    }
    method = "GET" if body is None else "POST"
    try:
        async with (
            asyncio.timeout(within_s),
            httpx2.AsyncClient(**options) as client,
            client.stream(method, url, json=body, headers=headers) as response,
        ):
            data = _parsed(await _bounded(response))
            return Answer(int(response.status_code), data, _error(data, server.key))
    except ImportError:
        raise ServerAway("cannot be reached through the SOCKS proxy of the environment without socksio") from None
    except TimeoutError:
        raise TooSlow(f"has not answered within {format_duration(within_s)}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise ServerAway(f"cannot be reached, or stopped answering ({type(error).__name__})") from None


def said(value: Any, *, most: int = 300) -> str:
    """Return a text of an answer on one line, and not too long, for messages and results; empty if it is no text."""
    return on_one_line(value[: 2 * most])[:most] if isinstance(value, str) else ""


def _error(data: Any, key: str | None) -> str:
    """Return what a server says is wrong, without the key, which some repeat."""
    found = data.get("error", data) if isinstance(data, Mapping) else ""
    message = found.get("message") if isinstance(found, Mapping) else found
    return said(message.replace(key, MASK) if key and isinstance(message, str) else message)


async def _bounded(response: Any) -> bytes | None:
    """Return the body of an answer; None if it is too long, or compressed, which it was asked not to be."""
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        return None
    body = bytearray()
    async for block in response.aiter_raw():
        body += block
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _parsed(body: bytes | None) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
