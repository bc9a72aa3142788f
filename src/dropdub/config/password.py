"""Passwords as they are kept: hashed by scrypt, so that who reads a hash does not learn the password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

SHORTEST = 8
LONGEST = 1_000
PREFIX = "scrypt$"
USUAL_COST = 2**15
"""scrypt's n: with r = 8, a guess takes 32 MiB and some 100 ms. OWASP's password storage cheat sheet has 2^17 at
p = 1 and 2^15 at p = 3; guesses here are also limited to a few a minute."""
_COSTS = {2**14, 2**15, 2**16, 2**17}
_BLOCK, _PARALLEL = 8, 1
_SALT_BYTES, _DIGEST_BYTES = 16, 32


@dataclass(frozen=True)
class PasswordHash:
    """A password's hash. `cost` is scrypt's n."""

    cost: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @staticmethod
    def of(password: str) -> PasswordHash:
        """Hash a password with a new salt. It takes 100 ms and 32 MiB."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return PasswordHash(USUAL_COST, salt, _digest(password, salt, USUAL_COST))

    @staticmethod
    def read(text: str) -> PasswordHash:
        """Return the hash that `str` wrote. Raises ValueError if it is none, or one that takes too much memory."""
        try:
            name, cost, salt, digest = text.split("$")
            found = PasswordHash(int(cost), _decoded(salt), _decoded(digest))
        except ValueError:
            raise ValueError("starts with scrypt$, but is not a hash that Dropdub has made") from None
        if (
            f"{name}$" != PREFIX
            or found.cost not in _COSTS
            or len(found.digest) != _DIGEST_BYTES
            or len(found.salt) < 8
        ):
            raise ValueError("starts with scrypt$, but is not a hash that Dropdub has made")
        return found

    @staticmethod
    def of_setting(text: str) -> PasswordHash:
        """Return the hash of a configured password, which may be the hash itself. Raises ValueError as `read`."""
        return PasswordHash.read(text) if text.startswith(PREFIX) else PasswordHash.of(text)

    def matches(self, password: str) -> bool:
        """Return whether this is the hash of a password; always False for one longer than `LONGEST`."""
        if len(password) > LONGEST:
            return False
        return hmac.compare_digest(self.digest, _digest(password, self.salt, self.cost))

    def __str__(self) -> str:
        return f"{PREFIX}{self.cost}${_encoded(self.salt)}${_encoded(self.digest)}"


def refuse_weak(password: str) -> str:
    """Return a password for the settings, or its hash. Raises ValueError if it is too short, too long, or no hash."""
    if password.startswith(PREFIX):
        PasswordHash.read(password)
    elif len(password) < SHORTEST:
        raise ValueError(f"is too short: at least {SHORTEST} characters are required")
    elif len(password) > LONGEST:
        raise ValueError(f"is too long: at most {LONGEST} characters are possible")
    return password


def _digest(password: str, salt: bytes, cost: int) -> bytes:
    most_bytes = 2 * 128 * cost * _BLOCK
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=_BLOCK, p=_PARALLEL, maxmem=most_bytes,
        dklen=_DIGEST_BYTES,
    )  # fmt: skip


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
