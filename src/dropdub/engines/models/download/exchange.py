"""One question to a server of models, and its answer: the server may be anybody, and is bounded in all it can do.

Redirects are followed a few times, over HTTP only and never from https to http. A token is sent to the server that was
asked and to no other. An answer comes as it is, not packed; its head must be whole in time, and its body, too.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from dropdub.errors import DownloadFailed, DownloadRefused, DropdubError

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_HEAD_TIMES = 4
"""The head of an answer may take this many times as long as a server may be silent."""
_LOOK_S = 1.0
_PLAIN = re.compile(r"[!-~]+")
_PRIVATE_HEADERS = {"authorization", "cookie"}


def host_of(url: str) -> str:
    """Return where an address leads, without the name and password that may be in it."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or '?'}{port}"


@dataclass(frozen=True)
class Answer:
    """The answer to a GET, where redirects end; `first_head` is that of the first answer."""

    response: Any
    first_head: Mapping[str, str]
    deadline: Deadline
    """For the body. It is that of the head until somebody puts it off."""


@contextmanager
def answered(url: str, headers: Mapping[str, str], *, timeout_s: float) -> Iterator[Answer]:
    """Give the answer to a GET.

    `timeout_s` is how long the server may be silent. Raises DownloadRefused, DownloadFailed where the answer's deadline
    passes, and what the HTTP package raises.
    """
    first: Mapping[str, str] | None = None
    for _ in range(_MOST_REDIRECTS + 1):
        with _sent(url, headers, timeout_s=timeout_s) as (answer, deadline):
            first = first or answer.headers
            onward = answer.headers.get("Location") if answer.status_code in _REDIRECTS else None
            if onward is None:
                _refuse_packed(url, answer)
                yield Answer(answer, first, deadline)
                return
        url, headers = _redirected(url, onward, headers)
    raise DownloadRefused(f"{host_of(url)} redirects again and again, and gives nothing.")


def read_bounded(answer: Answer, *, most: int, within_s: float, place: str) -> bytes:
    """Return the body of an answer. Raises DownloadRefused where it is too long."""
    answer.deadline.put_off(within_s)
    body = bytearray()
    for block in answer.response.iter_raw():
        body += block
        if len(body) > most:
            raise DownloadRefused(f"{place} does not answer as a hub does: its list is endless.")
    return bytes(body)


class Deadline:
    """Ends the connection of a request when time is up: a server may send a byte now and then for ever.

    A thread of its own looks at the clock, a second late at most: what the HTTP package reads may never become a block.
    """

    def __init__(self, seconds: float) -> None:
        self.is_past = False
        self._socket: socket.socket | None = None
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._wait, daemon=True)
        self.put_off(seconds)

    def __enter__(self) -> Deadline:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def put_off(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now."""
        self._ends = time.monotonic() + seconds

    def seen(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of the connection; the HTTP package calls it at each step."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):  # of a proxy, too
            self._socket = info["return_value"].get_extra_info("socket")

    def _wait(self) -> None:
        while (left := self._ends - time.monotonic()) > 0:
            if self._over.wait(min(left, _LOOK_S)):
                return
        self.is_past = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def _sent(url: str, headers: Mapping[str, str], *, timeout_s: float) -> Iterator[tuple[Any, Deadline]]:
    from huggingface_hub.utils import get_session  # noqa: PLC0415

    # A connection of its own for each request, or `Deadline` does not see it.
    asked = {**headers, "Accept-Encoding": "identity", "Connection": "close"}
    with Deadline(timeout_s * _HEAD_TIMES) as deadline:
        try:
            with get_session().stream(
                "GET",
                url,
                headers=asked,
                timeout=timeout_s,
                follow_redirects=False,
                extensions={"trace": deadline.seen},
            ) as answer:
                yield answer, deadline
        except (DropdubError, OSError):
            raise
        except Exception as error:
            if deadline.is_past:
                raise _too_slow(url) from error
            raise
        if deadline.is_past:  # a body of no known length just ends then
            raise _too_slow(url)


def _too_slow(url: str) -> DownloadFailed:
    return DownloadFailed(f"{host_of(url)} is too slow: the connection was ended.")


def _refuse_packed(url: str, answer: Any) -> None:
    """Refuse what would have to be unpacked: a few bytes may become any number."""
    packing = answer.headers.get("Content-Encoding", "identity").lower()
    if packing not in ("", "identity"):
        raise DownloadRefused(f"{host_of(url)} packs what it sends, which it was asked not to.")


def _redirected(url: str, onward: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return where to ask next, and what to say there. Raises DownloadRefused for where one does not go."""
    try:
        target = urljoin(url, onward)
        before, after = urlsplit(url), urlsplit(target)
        leads = _leads_to_server(before, after) and _PLAIN.fullmatch(target) is not None
        is_other = _origin(before) != _origin(after)
    except ValueError:
        leads = is_other = False
        target = url
    if not leads:
        raise DownloadRefused(
            f"{host_of(url)} sends on to an address that is not followed: only https is, or http from http."
        )
    if is_other:
        headers = {name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS}
    return target, headers


def _leads_to_server(before: SplitResult, after: SplitResult) -> bool:
    schemes = ("https",) if before.scheme == "https" else ("http", "https")
    return after.scheme in schemes and bool(after.hostname)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
