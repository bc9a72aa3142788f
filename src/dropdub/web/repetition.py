"""The key by which a client marks the repetitions of a request: `Idempotency-Key`."""

from __future__ import annotations

import hashlib

from starlette.requests import Request

from dropdub.web.answering.errors import ApiError

LONGEST_KEY = 200


def key_of(request: Request) -> str | None:
    """Return the key of a request; None without one, and for a blank one: it would join what has nothing in common.

    Raises ApiError 400 if it is too long.
    """
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY:
        text = f"Idempotency-Key has more than {LONGEST_KEY} characters."
        raise ApiError(400, text, "invalid_value", "Idempotency-Key")
    return key or None


def recorded_key(kind: str, key: str) -> str:
    """Return what is recorded of a key: requests of different kinds may use the same one."""
    return f"{kind}:key:{hashlib.sha256(key.encode()).hexdigest()}"
