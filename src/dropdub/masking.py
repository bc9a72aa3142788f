"""Hide secrets wherever a person may see them: in settings that are shown, in logs and in messages.

Each pattern looks at any part of a text a bounded number of times: what is logged may come from a file.
"""

from __future__ import annotations

import re

MASK = "**********"
MOST = 64_000
"""How much of a text is shown: a worker may say 16 MB in one line."""
_MARGIN = 4_000
"""How far behind that an @ is looked for which makes a password of what is before it."""
_USER = re.compile(
    r"(?<=://)(?:"
    r"([^\s/@:]{0,200}):(?:(?:(?!://)\S){0,4000}@|(?!\d*(?:\W|$))[^\s@](?:(?!://)[^\n@]){0,200}@)"
    r"|[^\s/@:]{1,4000}@)"
)
"""Up to the last @, since a password may have one that should have been escaped, and any other sign; up to the first
where it has blanks, unless it is a port.
"""
_VALUE = r"(?:\"[^\"\n]{1,4000}\"|'[^'\n]{1,4000}'|[^\s&;#'\"<>,)\]}]+)"
_PARAMETER = re.compile(
    r"(?i)([?&;#][\w.-]{0,60}?"
    r"(?:token|secret|passw|passphrase|pass\b|pwd|pw\b|jwt|session|key|sig|auth|credential)[\w.-]{0,60}=)" + _VALUE
)
"""In an address, whatever may be one."""
_SETTING = re.compile(
    r"(?i)((?:password|passwd|passphrase|pwd|secret|api_?key|jwt|(?:access|refresh|auth|api|id|hf)_?token)"
    r"(?:\s{0,5}=\s{0,5}|['\"]\s{0,5}:\s{0,5}))" + _VALUE
)
"""In any text, what surely is one. (`token=` alone is a step's, in the log.)"""
_HEADER = re.compile(
    r"(?i)(\bauthorization['\"]?\s{0,5}[=:]\s{0,5}['\"]?(?:\w{1,20}\s{1,5})?|\bbearer\s{1,5}(?=[\w.~+/-]{16}))"
    r"[\w.~+/=-]+"
)


def masked(text: str) -> str:
    """Return a text without passwords, tokens and secret parameters, cut where it is very long."""
    known = text[: MOST + _MARGIN]
    known = _USER.sub(_hidden, known)
    for pattern in (_PARAMETER, _SETTING, _HEADER):
        known = pattern.sub(rf"\g<1>{MASK}", known)
    return known if len(text) <= MOST else f"{known[:MOST]} … ({len(text)} characters)"


def _hidden(found: re.Match[str]) -> str:
    return f"{MASK}@" if found[1] is None else f"{found[1]}:{MASK}@"
