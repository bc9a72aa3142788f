"""Restore a text whose letters were read in a wrong encoding and then saved: `reuniÃ£o` for `reunião`. Pure.

Databases, mail programs and editors do this to texts in UTF-8, and old ones to Cyrillic: `Ïðèâåò` for `Привет`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

_WRONG = ("cp1252", "cp1251", "mac-roman", "cp1250", "cp850", "cp437", "cp866", "cp1253", "cp1254")
"""What UTF-8 is taken for, the most usual first."""
_IN_UTF8 = re.compile(
    "[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    "|(?<![A-Z\xc0-\xde])\xc3 |\xe2\x80(?![\x80-\xbf])"
)
_INCOMPLETE = {"\xc3 ": "à", "\xe2\x80": "”"}
"""Of `à`, the second character, a space that does not break, often became a plain one; of `”`, the third got lost."""
_IN_LINES = ("cp1252", "mac-roman")
_SIGN = re.compile("[ÂÃ]|â€|ðŸ|‚Ä")
"""How letters with accents, quotation marks and emoji begin in these encodings: one is enough."""
_SURELY = 3
_AFTER_CAPITAL = re.compile("[A-ZÀ-Þ][ÂÃ]")
"""A word in capitals before a quotation mark, as in `AMANHÃ»`, looks the same."""
_NEARLY_ALL = 0.9
_MOST_TIMES = 3
_OTHER = re.compile(r"[^\x00-\x7f]")
_SAMPLE = 20_000
_LATIN1_LETTERS = re.compile("[À-ÖØ-öø-ÿ]")
_LETTERS = re.compile(r"[^\W\d_]")
_NO_LATIN = 0.65
"""Share of letters with accents. In the languages of Western Europe it is below 0.2, in Vietnamese 0.3."""
_LEAST_LETTERS = 6


def restored_utf8(text: str) -> str | None:
    """Return a text as it was before its UTF-8 was read in another encoding; None if that did not happen to it.

    It did if nearly all characters outside ASCII make up UTF-8: a text that only mentions `Ã©` has others as well. In
    a text that was put together of several, it may have happened to some lines.
    """
    found = None
    for _ in range(_MOST_TIMES):
        once = _restored(found or text)
        if once is None:
            break
        found = once
    return found or _with_restored_lines(text)


def latin1_bytes(text: str) -> bytes | None:
    """Return the bytes of a text in an old encoding that was read as Western European; None if it was not.

    Then nearly all its letters have accents, which is so in no Western European language.
    """
    letters = len(_LETTERS.findall(text))
    if letters < _LEAST_LETTERS or len(_LATIN1_LETTERS.findall(text)) < _NO_LATIN * letters:
        return None
    as_bytes = text.translate(_bytes_of("cp1252"))
    return as_bytes.encode("latin-1") if max(as_bytes) <= "\xff" else None


def _restored(text: str) -> str | None:
    first = _OTHER.search(text)
    sample = text[first.start() : first.start() + _SAMPLE] if first else ""
    encoding = next((name for name in _WRONG if _decoded(sample, name) is not None), None)
    return _decoded(text, encoding) if encoding else None


def _decoded(text: str, encoding: str) -> str | None:
    """Return what was read in an encoding as UTF-8; None unless nearly all characters outside ASCII make up UTF-8.

    A few do so by accident, in a short Cyrillic text in most encodings.
    """
    found = list(_IN_UTF8.finditer(text.translate(_bytes_of(encoding))))
    least = 1 if encoding in _IN_LINES and _SIGN.search(text) else _SURELY
    if len(found) < least or (len(found) == 1 and _AFTER_CAPITAL.search(text)):
        return None
    nearly_all = sum(len(one[0]) for one in found) >= _NEARLY_ALL * len(_OTHER.findall(text))
    return "".join(_parts(text, found)) if nearly_all else None


def _with_restored_lines(text: str) -> str | None:
    lines = text.split("\n") if _SIGN.search(text) else []
    for encoding in _IN_LINES:
        found = {at: _decoded(line, encoding) for at, line in enumerate(lines) if _SIGN.search(line)}
        restored = {at: line for at, line in found.items() if line is not None}
        if len(restored) >= _SURELY:
            return "\n".join(restored.get(at, line) for at, line in enumerate(lines))
    return None


def _parts(text: str, found: Iterable[re.Match[str]]) -> Iterator[str]:
    at = 0
    for one in found:
        yield text[at : one.start()]
        yield _INCOMPLETE.get(one[0]) or one[0].encode("latin-1").decode("utf-8", "replace")
        at = one.end()
    yield text[at:]


@cache
def _bytes_of(encoding: str) -> dict[int, int]:
    """Return the byte of each character of an encoding; other characters up to U+00FF stand for themselves."""
    pairs = ((bytes([byte]).decode(encoding, "ignore"), byte) for byte in range(0x80, 0x100))
    return {ord(character): byte for character, byte in pairs if character}
