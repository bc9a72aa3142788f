"""The headers of a form and of its parts: the boundary, the names of fields and of files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from python_multipart.multipart import parse_options_header

from dropdub.web.answering.errors import ApiError

_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046, 5.1.1."""
_EXTENDED = re.compile(rb"(?i);\s{0,9}filename\*\s{0,9}=\s{0,9}(utf-8|iso-8859-1)'[^';]{0,99}'([^;\s]{1,3000})")
"""RFC 5987. Forms should not use it (RFC 7578, 4.2), but some libraries do for names that are not ASCII."""
_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}
"""What browsers escape in names of files, and nothing else."""


def boundary_of(headers: Mapping[str, str]) -> bytes:
    """Return the boundary of a form. Raises ApiError: 415 if a request is no form, 400 without a valid boundary."""
    kind, options = parse_options_header(headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise ApiError(415, "Send a form: multipart/form-data.", param="Content-Type")
    boundary = options.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        raise ApiError(400, "The form's Content-Type has no valid boundary.", param="Content-Type")
    return boundary


@dataclass(frozen=True)
class Disposition:
    """What a part of a form is: the field, and what its sender calls the file; None if it is not a file."""

    field: str
    filename: str | None

    @staticmethod
    def of(header: bytes | None) -> Disposition:
        """Return what `Content-Disposition` describes. Raises ApiError 400 if it does not describe a part of a form."""
        kind, options = parse_options_header(header)
        if kind != b"form-data" or not options.get(b"name"):
            raise ApiError(400, "A part of the form has no name.")
        plain = options.get(b"filename")
        name = None if plain is None else _unescaped(_text(plain))
        return Disposition(_unescaped(_text(options[b"name"])), name or _extended(header or b"") or name)


def _extended(header: bytes) -> str | None:
    found = _EXTENDED.search(header)
    if found is None:
        return None
    return unquote_to_bytes(found[2]).decode(found[1].decode().lower(), "replace")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _unescaped(name: str) -> str:
    for escape, character in _ESCAPED.items():
        name = name.replace(escape, character)
    return name
