"""The token of a root: 256 random bits in `ROOT/web.token`, which only the account that runs Dropdub can read."""

from __future__ import annotations

import hmac
import re
import secrets
from pathlib import Path

from dropdub.errors import DropdubError
from dropdub.files.durable import write_whole
from dropdub.files.ownership import is_trusted, owner_at
from dropdub.files.privacy import make_private
from dropdub.untrusted.files import read_whole

NAME = "web.token"
_BYTES = 32
_MOST_BYTES = 200
_OTHER_ACCOUNT = "Run this under the account that Dropdub runs under, or as an administrator."
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43,128}")


class TokenUnusable(DropdubError):
    """The file of the token cannot be read or written, contains no token, or is another account's."""

    usual_remedy = "To replace it by a new one: `dropdub token renew`"


def read_or_create(root: Path) -> str:
    """Return the token of a root; make one if there is none. Raises TokenUnusable."""
    try:
        return _read(root / NAME)
    except FileNotFoundError:
        renew(root)
        return _read(root / NAME)  # which another process may have created at the same moment
    except PermissionError as error:
        raise _unusable(root / NAME, error, remedy=_OTHER_ACCOUNT) from error
    except OSError as error:
        raise _unusable(root / NAME, error) from error


def renew(root: Path) -> str:
    """Replace the token of a root, and return the new one. Raises TokenUnusable."""
    token = secrets.token_urlsafe(_BYTES)
    try:
        write_whole(root / NAME, f"{token}\n".encode(), private=True)
    except OSError as error:
        raise _unusable(root / NAME, error, remedy=_OTHER_ACCOUNT) from error
    return token


def is_same(given: str, token: str) -> bool:
    """Compare a token that somebody sent, in a time that does not depend on where the two differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())


def _read(path: Path) -> str:
    """Read the token. A file that others can read, perhaps since it was copied, is made private first."""
    text = read_whole(path, _MOST_BYTES).decode("ascii", "replace").strip()
    owner = owner_at(path)
    if owner is not None and owner != owner_at(path.parent) and not is_trusted(owner):
        raise TokenUnusable(f"{path} belongs to another account, which therefore knows the token.")
    if not _TOKEN.fullmatch(text):
        raise TokenUnusable(f"{path} contains no token.")
    make_private(path)
    return text


def _unusable(path: Path, error: OSError, *, remedy: str | None = None) -> TokenUnusable:
    return TokenUnusable(f"{path}: {error.strerror or error}.", remedy=remedy)
