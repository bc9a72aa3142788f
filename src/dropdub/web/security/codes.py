"""Login codes: what stands after the # in the address of a page, so that a browser logs in without typing.

`dropdub open` makes them for everything, and whoever opens a room for its guest, who reaches nothing but the room.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

LIFETIME_S = 60.0
GUESTS_S = 600.0
"""How long a guest has to open the link: it has to be sent to them first."""
_MOST = 100


@dataclass(frozen=True)
class _Issued:
    expires: float
    scope: str


class LoginCodes:
    """Codes of 128 bits that work once, for a while. Times are in seconds, of a clock that only moves forward."""

    def __init__(self) -> None:
        self._issued: dict[bytes, _Issued] = {}

    def issue(self, now: float, *, scope: str = "") -> str:
        """Return a new code for sessions with a scope. With more than 100 unused ones, the oldest no longer counts."""
        code, lifetime_s = secrets.token_urlsafe(16), GUESTS_S if scope else LIFETIME_S
        alive = [(digest, one) for digest, one in self._issued.items() if one.expires > now]
        self._issued = dict([*alive, (_digest(code), _Issued(now + lifetime_s, scope))][-_MOST:])
        return code

    def use(self, code: str, now: float) -> str | None:
        """Use up a code; return the scope that it gives, None if the code is not valid."""
        issued = self._issued.pop(_digest(code), None)
        return issued.scope if issued is not None and issued.expires > now else None


def _digest(code: str) -> bytes:
    """Return what is looked up: how long that takes says nothing about a code."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
