"""Signing a message as the Standard Webhooks specification says (standardwebhooks.com), for which receivers exist
in every language: HMAC-SHA256 over `id.timestamp.body`, so that neither can be changed or used again later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"


def headers(secret: str | None, *, id_: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the headers of a message (`timestamp`: epoch seconds); without a secret, it is not signed."""
    named = {"webhook-id": id_, "webhook-timestamp": str(timestamp), "content-type": "application/json"}
    if secret is None:
        return named
    signed = hmac.digest(key(secret), f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    return {**named, "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}


def key(secret: str) -> bytes:
    """Return the key: of `whsec_…` the bytes that its base64 means, of any other secret its UTF-8.

    Raises ValueError where what follows `whsec_` is no base64; its padding may be left out.
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    text = secret.removeprefix(PREFIX)
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
