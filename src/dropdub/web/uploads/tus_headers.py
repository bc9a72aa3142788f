"""The headers of tus 1.0: parsed, bounded, and refused in a sentence."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from dropdub.web.answering.errors import ApiError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
BODY_TYPE = "application/offset+octet-stream"
_MOST_METADATA = 16_000
_MOST_ENTRIES = 32
_KEY = re.compile(r"[!-+\--~]{1,100}")
"""ASCII without spaces and commas."""
_NUMBER = re.compile(r"[0-9]{1,18}")


def refuse_version(headers: Mapping[str, str]) -> None:
    """Raise ApiError 412 if a request is not in the supported version of the protocol."""
    if headers.get("tus-resumable") != VERSION:
        raise ApiError(
            412, f"This is a tus {VERSION} server: send Tus-Resumable: {VERSION}.", headers={"Tus-Version": VERSION}
        )


def number(headers: Mapping[str, str], name: str) -> int:
    """Return the number in a header. Raises ApiError 400 if there is none."""
    text = headers.get(name.lower(), "")
    if not _NUMBER.fullmatch(text):
        raise ApiError(400, f"The header {name} must be a whole number of bytes.", param=name)
    return int(text)


def is_body(headers: Mapping[str, str]) -> bool:
    """Return whether a request has a body of bytes for an upload, judging by its type."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == BODY_TYPE


def refuse_body_type(headers: Mapping[str, str]) -> None:
    """Raise ApiError 415 if a request's body is not one of bytes for an upload."""
    if not is_body(headers):
        raise ApiError(415, f"The Content-Type must be {BODY_TYPE}.", param="Content-Type")


def metadata(header: str | None) -> dict[str, str]:
    """Return what `Upload-Metadata` describes, by key. Raises ApiError 400 if it is malformed or too long."""
    text = header or ""
    if len(text) > _MOST_METADATA:
        raise _bad("is too long")
    entries = [entry.strip().partition(" ") for entry in text.split(",") if entry.strip()]
    found = {key: _decoded(value) for key, _, value in entries}
    if len(found) != len(entries) or len(found) > _MOST_ENTRIES or not all(map(_KEY.fullmatch, found)):
        raise _bad("must have different keys, of ASCII without spaces and commas")
    return found


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _bad("must have values in Base64 of UTF-8") from error


def encoded(found: Mapping[str, str]) -> str:
    """Return the header `Upload-Metadata` that describes `found`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".strip() for key, value in found.items())


def options(found: Mapping[str, str]) -> dict[str, Any]:
    """Return the job options in an upload's metadata. Raises ApiError 400 if they are not a JSON object."""
    try:
        read = json.loads(found.get("options") or "{}")
    except (ValueError, RecursionError) as error:
        raise _bad("has `options` that are not valid JSON") from error
    if not isinstance(read, dict):
        raise _bad("has `options` that are not a JSON object")
    return read


def http_date(at: float) -> str:
    """Return a time, in epoch seconds, as HTTP writes it."""
    return formatdate(at, usegmt=True)


def _bad(what: str) -> ApiError:
    return ApiError(400, f"Upload-Metadata {what}.", param="Upload-Metadata")
