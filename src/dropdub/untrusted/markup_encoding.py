"""Decode a page or part of a document by its mark, its own declaration, or its bytes. Pure, in linear time."""

from __future__ import annotations

import codecs
import re

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_HEAD_BYTES = 2_048
"""Where a declaration has to be: HTML allows 1,024 bytes, after which some programs' comments end."""
_DECLARED = re.compile(
    rb"<\?xml\b[^<>]{0,200}?\bencoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})"
    rb"|<meta\b[^<>]{0,300}?\bcharset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})",
    re.I,
)
_WIDER = {
    **dict.fromkeys(("iso8859-1", "ascii"), "cp1252"),
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""What browsers use instead of a declared encoding: the same with more characters, which programs wrote."""
_ALIASES = {
    **dict.fromkeys(("x-sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("windows-874", "dos-874"), "cp874"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac_roman"),
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "x-euc-jp": "euc_jp",
}
"""Names that browsers know and Python does not."""
_BEGINNING = re.compile(r"<[a-z?!/]", re.I)
_STATEFUL = ("iso2022", "hz")
"""Encodings whose bytes are all ASCII: only the declaration shows them."""
_MOST_BAD = 0.02
"""Share of damaged characters up to which a page is still UTF-8, in which some places are damaged."""
_UNDEFINED = "\ufffd"


def decoded(data: bytes) -> str:
    """Return the text of a page or a part; it never fails. Damaged characters become U+FFFD."""
    return data.decode(encoding_of(data), errors="replace").removeprefix("\ufeff")


def encoding_of(data: bytes) -> str:
    """Return the name of the encoding in which `data` is written, as Python knows it.

    A declaration is believed unless the bytes contradict it: many pages are UTF-8 and say something else.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    return _wide(data) or _by_bytes(data, declared_encoding(data))


def encoded(text: str, original: bytes) -> bytes:
    """Return a page's new text in the encoding that its original has or declares; other characters become numbers."""
    for mark, encoding in _MARKS.items():
        if original.startswith(mark):
            return text.encode(encoding)
    return text.encode(_wide(original) or _declared(original) or "utf-8", errors="xmlcharrefreplace")


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that a page declares, as browsers read it; None if it is unknown or there is none."""
    name = _declared(data)
    return _WIDER.get(name, name) if name else None


def _declared(data: bytes) -> str | None:
    """Return the encoding that a page declares, as Python knows it; None if it is unknown or there is none."""
    found = _DECLARED.search(data[:_HEAD_BYTES])
    if found is None:
        return None
    name = (found[1] or found[2]).decode("ascii", errors="ignore").lower()
    try:
        known = codecs.lookup(_ALIASES.get(name, name))
        b"a".decode(known.name)  # raises LookupError for what is no encoding of text
    except (LookupError, UnicodeError):
        return None
    if known.name in ("utf-16", "utf-32", "utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"):
        return None
    return known.name


def _wide(data: bytes) -> str | None:
    """Return the encoding of UTF-16 or UTF-32 without a mark: markup begins with `<`, perhaps after blanks."""
    head = data[:64]
    if b"\0" not in head:
        return None
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        beginning = head.decode(encoding, errors="ignore").lstrip()
        if (
            beginning.startswith("<")
            and beginning[1:2] in "?!/" + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        ):
            return encoding
    return None


def _by_bytes(data: bytes, declared: str | None) -> str:
    if declared and declared.startswith(_STATEFUL):
        return declared
    if _fits(data, "utf-8"):
        return "utf-8"
    if declared and not declared.startswith("utf"):
        return declared
    return "utf-8" if _mostly_utf_8(data) else "cp1252" if _fits(data, "cp1252") else "latin-1"


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf_8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="replace")
    bad = text.count(_UNDEFINED)
    good = sum(char > "\x7f" for char in text) - bad
    return bad <= max(1, _MOST_BAD * good) and good > bad
