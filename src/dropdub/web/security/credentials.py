"""What a request shows to prove who sends it: a token, or the cookie of a session."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal

from dropdub.web.security.asgi import Headers

Way = Literal["bearer", "basic", "session"]
_LONGEST = 1_000


@dataclass(frozen=True)
class Credentials:
    """A secret, and the way it was sent."""

    way: Way
    secret: str = field(repr=False)


def credentials_in(headers: Headers, cookie: str) -> Credentials | None:
    """Return the credentials of a request; None without any. `cookie` is the name of the session's cookie.

    With an Authorization header, the cookie does not count: a wrong token is wrong also in a browser that is logged in.
    """
    if "authorization" in headers:
        return _authorized(headers.only("authorization") or "")
    value = cookie_in(headers, cookie)
    return Credentials("session", value) if value else None


def cookie_in(headers: Headers, name: str) -> str | None:
    """Return the value of a cookie; None if it is missing, or sent twice, as a neighbouring port could cause."""
    pairs = (pair.strip().partition("=") for pair in headers.joined("cookie", "; ").split(";"))
    values = [value for key, _, value in pairs if key == name]
    return values[0] if len(values) == 1 and len(values[0]) <= _LONGEST else None


def _authorized(header: str) -> Credentials | None:
    scheme, _, rest = header.partition(" ")
    rest = rest.strip()
    if not rest or len(rest) > _LONGEST:
        return None
    if scheme.lower() == "bearer":
        return Credentials("bearer", rest)
    if scheme.lower() == "basic":
        return _basic(rest)
    return None


def _basic(coded: str) -> Credentials | None:
    """Return the password of Basic credentials, whatever the user's name is."""
    try:
        text = base64.b64decode(coded, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    _, colon, password = text.partition(":")
    return Credentials("basic", password) if colon and password else None
