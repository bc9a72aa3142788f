"""Hide secrets in displayed settings, logs and messages.

The patterns run in bounded time, because what is logged may come from an untrusted file.
"""

from __future__ import annotations

import re

MASK = "**********"
MOST = 64_000
"""The number of characters of a text that are shown: a worker may send 16 MB in one line."""
_MARGIN = 4_000
"""How far beyond that the @ after a password is searched for."""
_USER = re.compile(
    r"(?<=://)(?:"
    r"([^\s/@:]{0,200}):(?:(?:(?!://)\S){0,4000}@|(?!\d*(?:\W|$))[^\s@](?:(?!://)[^\n@]){0,200}@)"
    r"|[^\s/@:]{1,4000}@)"
)
"""User and password in a URL. They extend to the last @, since a password may contain an unescaped @ and any other
character; to the first @ if the password contains blanks. A port is not a password.
"""
_VALUE = r"(?:\"[^\"\n]{1,4000}\"|'[^'\n]{1,4000}'|[^\s&;#'\"<>,)\]}]+)"
_PARAMETER = re.compile(
    r"(?i)([?&;#][\w.-]{0,60}?"
    r"(?:token|secret|passw|passphrase|pass\b|pwd|pw\b|jwt|session|key|sig|auth|credential)[\w.-]{0,60}=)" + _VALUE
)
"""Parameters of URLs whose names suggest a secret."""
_SETTING = re.compile(
    r"(?i)((?:password|passwd|passphrase|pwd|secret|api_?key|jwt|(?:access|refresh|auth|api|id|hf)_?token)"
    r"(?:\s{0,5}=\s{0,5}|['\"]\s{0,5}:\s{0,5}))" + _VALUE
)
"""Settings in any text whose names certainly mean a secret. (`token=` alone is a step's token in the log.)"""
_HEADER = re.compile(
    r"(?i)(\bauthorization['\"]?\s{0,5}[=:]\s{0,5}['\"]?(?:\w{1,20}\s{1,5})?|\bbearer\s{1,5}(?=[\w.~+/-]{16}))"
    r"[\w.~+/=-]+"
)


def masked(text: str) -> str:
    """Return a text with passwords, tokens and secret parameters masked, truncated to `MOST` characters."""
    known = text[: MOST + _MARGIN]
    known = _USER.sub(_hidden, known)
    for pattern in (_PARAMETER, _SETTING, _HEADER):
        known = pattern.sub(rf"\g<1>{MASK}", known)
    return known if len(text) <= MOST else f"{known[:MOST]} … ({len(text)} characters)"


def _hidden(found: re.Match[str]) -> str:
    return f"{MASK}@" if found[1] is None else f"{found[1]}:{MASK}@"
