"""Sessions of browsers: a signed cookie, so that nothing needs to be stored but which of them have been ended.

The key of the signature comes from the token and the password: renewing either ends all sessions, restarting the server
ends none.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.errors import DropdubError
from dropdub.files.durable import write_whole
from dropdub.untrusted.files import read_whole

LIFETIME_S = 12 * 3600
_MOST_BYTES = 1_000_000
_MOST_ENDED = 10_000


class SessionsUnreadable(DropdubError):
    """The file of the ended sessions cannot be read: those who logged out would be logged in."""

    usual_remedy = "It lists the browsers that were logged out. Delete it, then run: `dropdub token renew`"


@dataclass(frozen=True)
class Session:
    """One log-in of one browser. `expires` is in seconds since the epoch.

    `scope`: the only thing that it is for (see `scopes.py`); empty if it is for everything.
    """

    id: str
    expires: int
    scope: str = ""


def new_session(now: float, scope: str = "") -> Session:
    return Session(secrets.token_urlsafe(16), int(now) + LIFETIME_S, scope)


def signing_key(token: str, password_version: bytes) -> bytes:
    """Return the key of the cookies' signatures: another one for each token and each password."""
    return hmac.digest(token.encode(), b"dropdub session\0" + password_version, "sha256")


def signed(session: Session, key: bytes) -> str:
    """Return the value of the session's cookie: ID.EXPIRES.SIGNATURE, or ID.EXPIRES.SCOPE.SIGNATURE."""
    text = f"{session.id}.{session.expires}" + (f".{session.scope}" if session.scope else "")
    return f"{text}.{_signature(text, key)}"


def read_signed(value: str, key: bytes, now: float) -> Session | None:
    """Return the session of a cookie; None if the signature is another key's, or the session is over."""
    text, _, signature = value.rpartition(".")
    if not hmac.compare_digest(signature.encode("latin-1", "replace"), _signature(text, key).encode()):
        return None
    name, expires, *scope = text.split(".", 2)
    session = Session(name, int(expires), *scope)
    return session if now < session.expires <= now + LIFETIME_S else None


def cookie_name(root: Path) -> str:
    """Return the name of a root's cookie: all ports of a machine share cookies, and each root may have a server."""
    return f"dropdub_{hashlib.sha256(str(root).encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def set_cookie(name: str, value: str, *, is_secure: bool, lifetime_s: int = LIFETIME_S) -> str:
    """Return the value of a Set-Cookie header: for this host only, unseen by scripts, never sent from other sites."""
    secure = "; Secure" if is_secure else ""
    return f"{name}={value}; Path=/; Max-Age={lifetime_s}; HttpOnly; SameSite=Strict{secure}"


def _signature(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode("latin-1", "replace"), hashlib.sha256).hexdigest()


class EndedSessions:
    """The sessions that were ended by logging out, until they would have expired; kept in a private file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._expiries: dict[str, int] = _read(file)

    def __contains__(self, session: Session) -> bool:
        return session.id in self._expiries

    def add(self, session: Session, now: float) -> None:
        """End a session, and forget those that have expired. Raises OSError if that cannot be kept."""
        alive = {name: expires for name, expires in self._expiries.items() if expires > now}
        alive[session.id] = session.expires
        self._expiries = dict(list(alive.items())[-_MOST_ENDED:])
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, json.dumps(self._expiries).encode(), private=True)


def _read(file: Path) -> dict[str, int]:
    """Return what an earlier process kept. Raises SessionsUnreadable."""
    try:
        data: Any = json.loads(read_whole(file, _MOST_BYTES))
        return {str(name): int(expires) for name, expires in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise SessionsUnreadable(f"{file} cannot be read: {error}.") from error
