"""What the OpenAPI document says about tus: its headers, its body and its errors, which FastAPI cannot know."""

from __future__ import annotations

from typing import Any

from dropdub.web.uploads.checksum import ALGORITHMS, MISMATCH
from dropdub.web.uploads.tus_headers import BODY_TYPE, VERSION

_BYTES = {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "Tus-Resumable": {"type": "string", "enum": [VERSION]},
    "Upload-Length": {"type": "integer", "minimum": 1},
    "Upload-Offset": _BYTES,
    "Upload-Metadata": {"type": "string", "description": "filename, options (JSON) and profile, each in Base64"},
    "Upload-Checksum": {"type": "string", "pattern": f"^({'|'.join(ALGORITHMS)}) [A-Za-z0-9+/]+=*$"},
}
_OPTIONAL = ("Upload-Metadata", "Upload-Checksum")
_MEANINGS = {
    400: "A header is missing or malformed.",
    404: "There is no such upload.",
    409: "The upload is not at this offset, or is complete.",
    410: "The upload has expired.",
    412: "The version of the protocol is not supported.",
    413: "The file is too large, or longer than announced.",
    415: "The kind of file or body is not supported.",
    422: "No job can be made of it.",
    429: "There are too many uploads: retry after `Retry-After` seconds.",
    MISMATCH: "The body does not have the announced checksum.",
    503: "No job can be made now: retry.",
    507: "The disk has no room for the file.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of a request's errors, with those that every one may get."""
    return {status: {"description": _MEANINGS[status]} for status in sorted({412, *statuses})}


def request(*headers: str, has_body: bool = False) -> dict[str, Any]:
    """Return the description of a request's headers and body."""
    names = ("Tus-Resumable", *headers)
    described: dict[str, Any] = {"parameters": [_header(name) for name in names]}
    if has_body:
        content = {BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        described["requestBody"] = {"content": content, "required": "Upload-Offset" in headers}
    return described


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": name not in _OPTIONAL, "schema": _SCHEMAS[name]}
