"""Send a file that is open: whole, or the part that a player or an interrupted download asks for (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dropdub.web.answering.errors import ApiError
from dropdub.web.site import Site

BLOCK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*")
_PLAIN = re.compile(r"[\w .()\[\]+,=@~-]*", re.ASCII)


@dataclass(frozen=True)
class OpenFile:
    """A file that is open for reading, and what a client learns of it.

    `modified` in seconds since the epoch. `digest`: its SHA-256 in hex, by which a client recognizes it; None if it is
    not known.
    """

    reader: BinaryIO
    name: str
    size: int
    modified: int
    media_type: str
    digest: str | None = None

    @property
    def tag(self) -> str | None:
        return f'"{self.digest}"' if self.digest else None


@dataclass(frozen=True)
class Part:
    """The bytes from `start` up to `end`, which is not included."""

    start: int
    end: int


def answer_with(site: Site, request: Request, file: OpenFile) -> Response:
    """Return the answer to a request for a file, which is closed at its end. Raises ApiError 416."""
    try:
        if _is_known(request, file):
            file.reader.close()
            return Response(status_code=304, headers=_identity(file))
        wanted = requested_part(request.headers.get("range"), file.size) if _range_holds(request, file) else None
    except BaseException:
        file.reader.close()
        raise
    part = wanted or Part(0, file.size)
    headers = _headers(file, part, is_part=wanted is not None)
    status = 206 if wanted else 200
    if request.method == "HEAD":
        file.reader.close()
        return Response(status_code=status, headers=headers, media_type=file.media_type)
    return StreamingResponse(_blocks(site, file.reader, part), status, headers, media_type=file.media_type)


def requested_part(header: str | None, size: int) -> Part | None:
    """Return the part that a `Range` names; None for the whole file.

    A range that is not understood, and several at once, may be ignored. Raises ApiError 416 if there is no such part.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last or size), size - 1) + 1
        if last and int(first) > int(last):
            return None
    if start >= end:
        headers = {"content-range": f"bytes */{size}"}
        raise ApiError(416, f"The file has {size} bytes, and none of those asked for.", headers=headers)
    return Part(start, end)


def attachment(name: str) -> str:
    """Return a `Content-Disposition` by which a browser saves a file under this name (RFC 6266)."""
    plain = name if _PLAIN.fullmatch(name) else "".join(one if _PLAIN.fullmatch(one) else "_" for one in name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


def _headers(file: OpenFile, part: Part, *, is_part: bool) -> dict[str, str]:
    ranged = {"content-range": f"bytes {part.start}-{part.end - 1}/{file.size}"} if is_part else {}
    return {
        **_identity(file),
        **ranged,
        "accept-ranges": "bytes",
        "content-length": str(part.end - part.start),
        "content-disposition": attachment(file.name),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
    }


def _identity(file: OpenFile) -> dict[str, str]:
    tag = {"etag": file.tag} if file.tag else {}
    return {**tag, "last-modified": formatdate(file.modified, usegmt=True), "cache-control": "private, no-cache"}


def _is_known(request: Request, file: OpenFile) -> bool:
    """Return whether the client has the file already."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = [one.strip().removeprefix("W/") for one in tags.split(",")]
        return "*" in known or (file.tag is not None and file.tag in known)
    since = _time(request.headers.get("if-modified-since"))
    return since is not None and file.modified <= since


def _range_holds(request: Request, file: OpenFile) -> bool:
    """Return whether a client that has a part of a file has it of this one."""
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    return condition == file.tag if condition.startswith(('"', "W/")) else _time(condition) == file.modified


def _time(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except (ValueError, OverflowError):
        return None


async def _blocks(site: Site, reader: BinaryIO, part: Part) -> AsyncIterator[bytes]:
    with reader:
        await site.run(reader.seek, part.start)
        left = part.end - part.start
        while left:
            block = await site.run(reader.read, min(BLOCK_BYTES, left))
            if not block:  # it was cut: the client must not take what it got for the whole
                raise ApiError(500, "The file became shorter while it was sent.")
            left -= len(block)
            yield block
