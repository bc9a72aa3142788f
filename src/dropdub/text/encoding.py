"""Read the letters of a text file: by its mark, as UTF-8, as UTF-16 without a mark, or in an old encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from dropdub.errors import NotText
from dropdub.languages import NO_HINT, Hint
from dropdub.text.encodings_by_language import CANDIDATES, SUPERSETS, encodings_of
from dropdub.text.old_encoding import SAMPLE_BYTES, oddities, old_encodings, ranked
from dropdub.text.twice_encoded import latin1_bytes, restored_utf8
from dropdub.text.wide_encoding import wide_text
from dropdub.untrusted.text import without_terminal_codes

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SEVEN_BITS = ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr", "hz")
_SWITCH = re.compile(rb"\x1b\$|~\{")
"""Switches between ASCII and another script in those encodings."""
_ESCAPED = re.compile("[\udc80-\udcff]")
"""What Python makes of bytes that are not UTF-8 (PEP 383)."""
_SURROGATES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
"""An emoji as some databases and Java programs write it: each half in UTF-8 (CESU-8)."""
_REPLACED = re.compile("\ufffd")
_LOST = re.compile("[\udc80-\udcff\ufffd]")
_OTHER_LETTERS = re.compile(r"[^\W\d_\x00-\x7f]")
_LATIN_END = "\u024f"
_FEW_DAMAGED = 3
_LEAST_GOOD = 3
_PRINTABLE = bytes([*b"\t\n\v\f\r\x1a", *range(0x20, 0x7F)])
_PADDING = "\0\x1a"
"""Old systems end a text with ^Z, and fill its last block with zeros."""
_PADDING_BYTES = _PADDING.encode()
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x19\x1b\x7f]")
"""Without those that separate: tab, line feed, vertical tab, form feed, ^Z, and the four from U+001C."""
_MOST_CONTROLS = 0.005
_ZEROS = re.compile(rb"\0+")
_MOST_ZEROS = 0.001
"""Runs of zero bytes per byte of a text: traces of a program that crashed, which are left out."""
_OTHER_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")
_LEAST_AROUND_ZEROS = 16
_HEADER = 1024
"""Bytes at the beginning of a file in which zeros beside other controls are those of a recording, not of a text."""
_FEW_CONTROLS, _TEXT_TO_CONTROLS = 3, 4
_MOST_ODD = 0.2
"""Share of the characters outside ASCII. In texts in 29 languages it is below 0.1, in random bytes mostly above 0.5."""


@dataclass(frozen=True)
class Decoded:
    """A text, and how it was read.

    `damaged`: the lines, from 1, with bytes that its encoding does not have, or with letters that were lost before.
    `is_restored`: whether it had been saved after it was read in a wrong encoding, and its letters were restored.
    """

    text: str
    encoding: str
    damaged: tuple[int, ...] = ()
    is_restored: bool = False


def decoded(data: bytes, *, hint: Hint = NO_HINT) -> Decoded:
    """Return the characters of a text file. Raises NotText.

    All bytes count. The time is linear: an old encoding is chosen by a sample, and then has to fit the whole file.
    """
    mark = next((mark for mark in _BOMS if data.startswith(mark)), None)
    found = _marked(data, _BOMS[mark], hint) if mark else _unmarked(data, hint)
    found = replace(found, text=found.text.rstrip(_PADDING))
    return found if found.encoding in CANDIDATES else _restored(found, hint)


def _restored(found: Decoded, hint: Hint) -> Decoded:
    """Return a text in Unicode whose letters were not lost, but read in a wrong encoding earlier, as it was before."""
    text = restored_utf8(found.text)
    if text is not None:
        return Decoded(text, found.encoding, _lines_with(_REPLACED, text), is_restored=True)
    data = latin1_bytes(found.text)
    try:
        return found if data is None else Decoded(_old(data, hint).text, found.encoding, is_restored=True)
    except NotText:
        return found


def is_legible(found: Decoded) -> bool:
    """Return whether it is a text, and not bytes that mean something else.

    Control characters are rare in texts, but real: an old program's page break, the colours of a terminal. A short text
    in UTF-8 may have a few; in an old encoding, which fits nearly any bytes, they are a sign of no text.
    """
    text = without_terminal_codes(found.text)
    count = len(_CONTROLS.findall(text))
    if found.encoding == "utf-8" and not found.damaged and count <= _few_controls(text):
        return True
    return count <= _MOST_CONTROLS * len(text) and (found.encoding not in CANDIDATES or _makes_words(text))


def _few_controls(text: str) -> int:
    return min(_FEW_CONTROLS, len(text) // _TEXT_TO_CONTROLS)


def _makes_words(text: str) -> bool:
    start = text[:SAMPLE_BYTES]
    return oddities(start) <= max(_MOST_ODD * sum(one > "\x7f" for one in start), 1)


def _marked(data: bytes, encoding: str, hint: Hint) -> Decoded:
    if encoding == "utf-8-sig":
        return _as_utf8(data[len(codecs.BOM_UTF8) :], hint)
    text = data.decode(encoding, "replace")
    return Decoded(text, encoding, _lines_with(_REPLACED, text))


def _unmarked(data: bytes, hint: Hint) -> Decoded:
    wide = wide_text(data)
    if wide is not None:
        return Decoded(*wide)
    data = _SURROGATES.sub(_joined, _without_zeros(data))
    if data.isascii() and _SWITCH.search(data):
        return _seven_bits(data)
    return _as_utf8(data, hint) if _is_utf8(data) else _old(data, hint)


def _without_zeros(data: bytes) -> bytes:
    """Return the bytes of a text without zeros at its end, and a few within it. Raises NotText."""
    data = data.rstrip(_PADDING_BYTES) or data
    count = len(_ZEROS.findall(data))
    if count == 0:
        return data
    rest = _ZEROS.sub(b"", data)
    is_plain = len(rest) >= _LEAST_AROUND_ZEROS and not _OTHER_CONTROLS.search(rest)
    are_rare = count <= _MOST_ZEROS * len(rest) and b"\0" not in data[:_HEADER]
    are_few = are_rare or (is_plain and count <= _FEW_CONTROLS)
    if not are_few or not _is_whole_utf8(rest):
        raise NotText("It contains zero bytes.")
    return rest


def _is_whole_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: bytes) -> bool:
    """Return whether what is not ASCII is UTF-8, but for damages or lines that were pasted from an old file.

    In old encodings, neighbouring letters look like one in UTF-8 by accident, but rarely if most letters are ASCII. In
    a file that is no text at all, there are many accidents, but not much ASCII.
    """
    text = data.decode("utf-8", "surrogateescape")
    bad, plain = len(_ESCAPED.findall(text)), len(data) - len(data.translate(None, _PRINTABLE))
    good = len(text) - plain - bad
    if bad == 0 or good >= 4 * bad or (good >= bad and 2 * plain >= len(data)):
        return True
    return good >= _LEAST_GOOD and 4 * good >= bad and 3 * plain >= 2 * len(data) and _are_latin(text)


def _are_latin(text: str) -> bool:
    """Return whether nearly all other letters are Latin: those that are by accident, in Japanese, are of any script."""
    letters = _OTHER_LETTERS.findall(text[:SAMPLE_BYTES])
    latin = sum(letter <= _LATIN_END for letter in letters)
    return bool(letters) and 10 * latin >= 9 * len(letters)


def _as_utf8(data: bytes, hint: Hint) -> Decoded:
    """Return a text in UTF-8; its damaged bytes as they read in the old encoding that fits them best."""
    text = data.decode("utf-8", "surrogateescape")
    damaged = _lines_with(_LOST, text)
    if _ESCAPED.search(text):
        old = _encoding_of_damage(text, hint)
        text = _ESCAPED.sub(lambda found: _bytes(found[0]).decode(old, "replace") if old else "\ufffd", text)
    return Decoded(text, "utf-8", damaged)


def _joined(found: re.Match[bytes]) -> bytes:
    halves = found[0].decode("utf-8", "surrogatepass")
    return halves.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def _encoding_of_damage(text: str, hint: Hint) -> str | None:
    """Return the old encoding of the bytes that are not UTF-8; None if they are rather the rest of lost letters."""
    known = encodings_of(hint.stated or hint.likely)
    if known:
        return known[0]
    letters = _OTHER_LETTERS.findall(text[:SAMPLE_BYTES])
    bad = "\n".join(line for line in text.split("\n") if _ESCAPED.search(line))[:SAMPLE_BYTES]
    is_latin = 2 * sum(letter <= _LATIN_END for letter in letters) >= len(letters)
    if not is_latin and len(_ESCAPED.findall(bad)) <= _FEW_DAMAGED:
        return None
    return next(iter(old_encodings(_bytes(_OTHER_LETTERS.sub("", bad)))), None)


def _bytes(text: str) -> bytes:
    return b"".join(one.encode("ascii", "surrogateescape") for one in text if one < "\x80" or _ESCAPED.match(one))


def _seven_bits(data: bytes) -> Decoded:
    for encoding, _confidence in ranked(data[:SAMPLE_BYTES], _SEVEN_BITS):
        try:
            return Decoded(data.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    return Decoded(data.decode("ascii"), "utf-8")


def _old(data: bytes, hint: Hint) -> Decoded:
    likely = [SUPERSETS.get(name, name) for name in old_encodings(data, hint=hint)]
    if not likely:
        raise NotText("Its encoding is unknown.")
    for encoding in likely:
        try:
            return Decoded(data.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    text = data.decode(likely[0], "replace")
    return Decoded(text, likely[0], _lines_with(_REPLACED, text))


def _lines_with(pattern: re.Pattern[str], text: str) -> tuple[int, ...]:
    """Return the numbers of the lines, from 1, that contain what `pattern` matches."""
    if not pattern.search(text):
        return ()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(number for number, line in enumerate(lines, 1) if pattern.search(line))
