"""Receive a form with a file: streamed straight to `work/uploads/`, without a copy elsewhere, in a few MB of memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from dropdub.web.uploads.form import Form, FormRules
from dropdub.web.uploads.form_headers import boundary_of
from dropdub.web.uploads.form_parser import FormParser
from dropdub.web.uploads.reception import Receive, Reception, body_of

_USUAL = FormRules()


@asynccontextmanager
async def receive_form(
    receive: Receive, headers: Mapping[str, str], reception: Reception, rules: FormRules = _USUAL
) -> AsyncIterator[Form]:
    """Yield the form that a request brings, from the `receive` of ASGI; `headers` by lower-case name.

    Each file is an upload, complete on disk and hashed. At the end of the block it is removed, unless
    `reception.complete` was called for it, which keeps it as an original until a job takes it.

    Raises ApiError, before the body is read: 413 or 507 if its announced length is too large, 415 if it is no form, 429
    if others are being received; later: 400 if it is malformed, not what `rules` allow or cut off, and what refuses a
    file.
    """
    boundary = boundary_of(headers)
    coming = _announced(headers, reception, rules)
    parser = FormParser(boundary, reception.uploads, rules, coming=coming)
    try:
        with reception.place():
            await reception.pour(body_of(receive), parser.feed)
            form = await reception.run(parser.finish)
        yield form
    finally:
        await reception.run(parser.abandon)


def _announced(headers: Mapping[str, str], reception: Reception, rules: FormRules) -> int:
    """Return the announced length of a body in bytes, 0 without one. Raises ApiError if it is too large."""
    text = headers.get("content-length", "")
    length = int(text[:18]) if text.isdecimal() else 0
    limits = reception.uploads.limits
    if length > rules.files * limits.max_size + rules.all_texts:
        limits.refuse_size("The file", length)
    limits.refuse_full_disk("the file", length, reception.uploads.folder.parent)
    return length
