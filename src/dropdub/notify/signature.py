"""Sign messages according to the Standard Webhooks specification (standardwebhooks.com), which has receivers in every
language: HMAC-SHA256 over `id.timestamp.body`, so that a message can be neither changed nor replayed later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"


def headers(secret: str | None, *, id_: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the headers of a message (`timestamp`: epoch seconds); without a secret, they contain no signature."""
    named = {"webhook-id": id_, "webhook-timestamp": str(timestamp), "content-type": "application/json"}
    if secret is None:
        return named
    signed = hmac.digest(key(secret), f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    return {**named, "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}


def key(secret: str) -> bytes:
    """Return the signing key: the base64-decoded bytes of `whsec_…`, or the UTF-8 bytes of any other secret.

    Base64 padding may be omitted. Raises ValueError if the part after `whsec_` is not base64.
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    text = secret.removeprefix(PREFIX)
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
