"""One request to a model server and its answer, limited in time, length and redirects: any server may answer.

Redirects are followed a few times, over HTTP only and never from https to http. A token is sent only to the server that
was asked first. Answers are taken as they are sent, never decompressed; headers and body each have a time limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2

from dropdub.engines.models.download.deadline import Deadline
from dropdub.engines.models.download.origin import Content
from dropdub.errors import DownloadFailed, DownloadRefused

_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_REFUSALS = {
    401: "requires signing in, or has no such model",
    403: "does not allow this account to download it",
    404: "does not have it",
}
_DENIALS = (401, 403)
_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 5
_HEADERS_FACTOR = 4
"""The headers of an answer may take this many times as long as a server may be silent."""
_PRINTABLE = re.compile(r"[!-~]+")
_PRIVATE_HEADERS = {"authorization", "cookie"}


def host_of(url: str) -> str:
    """Return the host and port of an address, without the name and password that may be in it."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or '?'}{port}"


@dataclass(frozen=True)
class Answer:
    """The answer to a GET after all redirects; `first_headers` are those of the first answer."""

    response: httpx2.Response
    first_headers: Mapping[str, str]
    deadline: Deadline
    """For the body. Until it is extended, it is the deadline of the headers."""


@contextmanager
def open_url(url: str, headers: Mapping[str, str], *, timeout_s: float) -> Iterator[Answer]:
    """Send a GET and yield its answer, whatever its status.

    `timeout_s` is how long the server may be silent. Raises DownloadRefused if the server does something unacceptable,
    and DownloadFailed if it cannot be reached or a time limit passes, also while the body is being read.
    """
    first: Mapping[str, str] | None = None
    with _own_errors(host_of(url)):
        for _ in range(_MAX_REDIRECTS + 1):
            with _send(url, headers, timeout_s=timeout_s) as (response, deadline):
                first = first or response.headers
                location = response.headers.get("Location") if response.status_code in _REDIRECTS else None
                if location is None:
                    _refuse_compressed(url, response)
                    yield Answer(response, first, deadline)
                    return
            url, headers = _redirected(url, location, headers)
    raise DownloadRefused(f"{host_of(url)} redirects endlessly and sends nothing.")


@contextmanager
def open_file(
    url: str, headers: Mapping[str, str], *, what: str, timeout_s: float, if_denied: str | None = None
) -> Iterator[Answer]:
    """Send a GET and yield its answer if it is the requested file. `what` names the file in messages.

    `if_denied` is the remedy if the server gives the file to certain accounts only; None for the usual one.

    Raises as `open_url` does, and DownloadRefused or DownloadFailed for any other status than success.
    """
    with open_url(url, headers, timeout_s=timeout_s) as answer:
        status = answer.response.status_code
        if not 200 <= status < 300:
            raise _refusal(what, host_of(url), status, if_denied)
        yield answer


def range_from(start: int) -> dict[str, str]:
    """Return the header that requests a file from byte `start` on."""
    return {"Range": f"bytes={start}-"} if start else {}


def content_of(answer: Answer, start: int) -> Content:
    """Return the body of the answer to a request from byte `start` on: a server may send the whole file instead."""
    headers = answer.response.headers
    continues = answer.response.status_code == 206 and headers.get("Content-Range", "").startswith(f"bytes {start}-")
    announced = headers.get("Content-Length", "")
    length = int(announced[:20]) if announced.isdecimal() else None
    return Content(answer.response.iter_raw(), start if continues else 0, length, answer.deadline.extend)


def _refusal(what: str, place: str, status: int, if_denied: str | None) -> DownloadFailed | DownloadRefused:
    if status in _TRANSIENT:
        return DownloadFailed(f"{place} is busy or not working (status {status}).")
    says = _REFUSALS.get(status, "refuses it")
    remedy = if_denied if status in _DENIALS else None
    return DownloadRefused(f"{what}: {place} {says} (status {status}).", remedy=remedy)


def read_bounded(answer: Answer, *, max_bytes: int, within_s: float, place: str) -> bytes:
    """Return the body of an answer. Raises DownloadRefused if it is longer than `max_bytes`."""
    answer.deadline.extend(within_s)
    body = bytearray()
    for block in answer.response.iter_raw():
        body += block
        if len(body) > max_bytes:
            raise DownloadRefused(f"{place} does not answer as a hub does: its list of files is endless.")
    return bytes(body)


@contextmanager
def _own_errors(place: str) -> Iterator[None]:
    """Turn the HTTP package's exceptions into errors with sentences."""
    try:
        yield
    except (UnicodeError, httpx2.InvalidURL) as error:
        raise DownloadRefused(f"{place} is not the address of a server, or redirects to one that is not.") from error
    except httpx2.HTTPError as error:
        why = str(error) or type(error).__name__
        raise DownloadFailed(f"{place} cannot be reached, or stopped answering ({why}).") from error


@contextmanager
def _send(url: str, headers: Mapping[str, str], *, timeout_s: float) -> Iterator[tuple[httpx2.Response, Deadline]]:
    # A new connection for each request: `Deadline` does not see connections that come from a pool.
    asked = {**headers, "Accept-Encoding": "identity", "Connection": "close"}
    with Deadline(timeout_s * _HEADERS_FACTOR) as deadline, httpx2.Client(timeout=timeout_s) as client:
        try:
            with client.stream("GET", url, headers=asked, extensions={"trace": deadline.on_trace}) as response:
                yield response, deadline
        except httpx2.HTTPError as error:
            if deadline.is_past:
                raise _too_slow(url) from error
            raise
        if deadline.is_past:  # a body of unknown length simply ends when the connection does
            raise _too_slow(url)


def _too_slow(url: str) -> DownloadFailed:
    return DownloadFailed(f"{host_of(url)} is too slow: the connection was closed.")


def _refuse_compressed(url: str, response: httpx2.Response) -> None:
    """Raise DownloadRefused for a compressed answer: a few bytes could expand to any size."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("", "identity"):
        raise DownloadRefused(f"{host_of(url)} sends compressed data, which it was asked not to do.")


def _redirected(url: str, location: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return the next address and the headers to send there. Raises DownloadRefused if it must not be followed."""
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
        is_followed = _leads_to_server(before, after) and _PRINTABLE.fullmatch(target) is not None
        is_other = _origin(before) != _origin(after)
    except ValueError:
        is_followed = is_other = False
        target = url
    if not is_followed:
        raise DownloadRefused(
            f"{host_of(url)} redirects to an address that is not allowed: only https, or http from http."
        )
    if is_other:
        headers = {name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS}
    return target, headers


def _leads_to_server(before: SplitResult, after: SplitResult) -> bool:
    schemes = ("https",) if before.scheme == "https" else ("http", "https")
    return after.scheme in schemes and bool(after.hostname)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
