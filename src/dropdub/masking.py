"""Hide secrets in addresses before somebody sees them: in settings shown, in logs, in what a person is told."""

from __future__ import annotations

import re

MASK = "**********"
_USER = re.compile(r"(?<=://)(?:([^\s/@:]*):\S*|[^\s/@:]+)@")
"""Up to the last @, since a password may have one that should have been escaped, and any other sign."""
_PARAMETER = re.compile(
    r"(?i)([?&;][\w.-]*(?:token|secret|passw|pwd|key|sig|auth|credential)[\w.-]*=)[^\s&;#'\"<>]+"
)  # fmt: skip


def masked(text: str) -> str:
    """Return a text in which addresses have no password, no token for a user, and no secret parameter."""
    if "://" not in text:
        return text
    return _PARAMETER.sub(rf"\g<1>{MASK}", _USER.sub(_hidden, text))


def _hidden(found: re.Match[str]) -> str:
    return f"{MASK}@" if found[1] is None else f"{found[1]}:{MASK}@"
